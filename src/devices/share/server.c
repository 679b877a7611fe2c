/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of questions, and the way to it. An answer has the type behind its question's, or is
 * Rlerror with the host's errno, whose numbers are the guest's.
 */
#include <errno.h>
#include <string.h>

#include "base/racy.h"
#include "devices/share/message.h"

#define QUESTION_MAX 16384 /* but for the data of Twrite */
#define ANSWER_MAX   65536 /* but for the data of Rread */

#define RLERROR	 7
#define TVERSION 100
#define TFLUSH	 108
#define TREAD	 116
#define TWRITE	 118

static const struct share_question {
	int (*fn)(struct share_call *c); /* 0, or errno */
	bool changes;			 /* the folder; open says so by its flags */
} questions[] = {
    [8] = {share_do_statfs},
    [12] = {share_do_open},
    [14] = {share_do_create, true},
    [16] = {share_do_symlink, true},
    [18] = {share_do_mknod, true},
    [20] = {share_do_rename, true},
    [22] = {share_do_readlink},
    [24] = {share_do_getattr},
    [26] = {share_do_setattr, true},
    [30] = {share_do_xattrwalk},
    [32] = {share_do_xattrcreate, true},
    [40] = {share_do_readdir},
    [50] = {share_do_fsync},
    [52] = {share_do_lock},
    [54] = {share_do_getlock},
    [70] = {share_do_link, true},
    [72] = {share_do_mkdir, true},
    [74] = {share_do_renameat, true},
    [76] = {share_do_unlinkat, true},
    [TVERSION] = {share_do_version},
    [104] = {share_do_attach},
    [TFLUSH] = {share_do_flush},
    [110] = {share_do_walk},
    [TREAD] = {share_do_read},
    [TWRITE] = {share_do_write, true},
    [120] = {share_do_clunk},
    [122] = {share_do_remove, true},
};

static int carry_out(struct share_call *c, u8 type)
{
	const struct share_question *q = type < ARRAY_SIZE(questions) ? &questions[type] : NULL;

	if (!q || !q->fn)
		return EOPNOTSUPP;
	if (q->changes && c->s->read_only)
		return EROFS;
	return q->fn(c);
}

static u64 total(const struct iovec *iov, unsigned n)
{
	u64 bytes = 0;

	for (unsigned i = 0; i < n; i++)
		bytes += iov[i].iov_len;
	return bytes;
}

static size_t copy_out(const struct iovec *iov, unsigned n, u8 *to, size_t bytes)
{
	size_t done = 0;

	for (unsigned i = 0; i < n && done < bytes; i++) {
		size_t piece = iov[i].iov_len < bytes - done ? iov[i].iov_len : bytes - done;

		racy_copy_bytes(to + done, iov[i].iov_base, piece);
		done += piece;
	}
	return done;
}

static void copy_in(const struct iovec *iov, unsigned n, const u8 *from, size_t bytes)
{
	for (unsigned i = 0; i < n && bytes; i++) {
		size_t piece = iov[i].iov_len < bytes ? iov[i].iov_len : bytes;

		racy_copy_bytes(iov[i].iov_base, from, piece);
		from += piece;
		bytes -= piece;
	}
}

u32 share_serve(struct share *s, const struct iovec *out, unsigned n_out, const struct iovec *in,
		unsigned n_in)
{
	u8 question[QUESTION_MAX], answer[ANSWER_MAX];
	size_t have = copy_out(out, n_out, question, sizeof(question));
	u64 room = total(in, n_in);
	struct share_call c = {.s = s,
			       .question = out,
			       .n_question = n_out,
			       .question_bytes = total(out, n_out),
			       .answer = in,
			       .n_answer = n_in,
			       .answer_bytes = room};
	int error;

	if (have < SHARE_HEAD || room < SHARE_HEAD + 4)
		return 0;
	c.in = (struct state_in){.data = question + SHARE_HEAD, .len = have - SHARE_HEAD};
	c.out = answer + SHARE_HEAD;
	c.room = (room < sizeof(answer) ? room : sizeof(answer)) - SHARE_HEAD;
	error = carry_out(&c, question[4]);
	if (error) {
		c.n_out = c.data_bytes = 0;
		share_put(&c, error, 4);
	}
	put_le(answer, SHARE_HEAD + c.n_out + c.data_bytes, 4);
	answer[4] = error ? RLERROR : question[4] + 1;
	memcpy(answer + 5, question + 5, 2);
	copy_in(in, n_in, answer, SHARE_HEAD + c.n_out);
	return SHARE_HEAD + c.n_out + c.data_bytes;
}
