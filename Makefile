# SPDX-License-Identifier: Apache-2.0
# A thin wrapper: Meson and Ninja build; this says which commands there are.
#
#   make            build/papyr and the libraries
#   make run        boots Debian's kernel to a shell here; ARGS='-c 4 -m 2G' for more of it
#   make test       every test, with sanitizers too; make test-long: those that take hours
#   make test-threads   of these, those with the thread sanitizer
#   make bench      what is measured, as ratios
#   make install    PREFIX=/usr/local, DESTDIR=
#   make deb        Debian packages: build-deb/*.deb
#
# Each installs what it needs by apt if it may, or says which packages are missing.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
ARGS    ?=
JOBS    ?= $(shell nproc)

# true: a warning ends the build, as in CI.
WERROR  ?= false

SANITIZED     := $(BUILD)-sanitized
THREADS       := $(BUILD)-threads
MESON_OPTIONS := --prefix=$(PREFIX) -Dwerror=$(WERROR)

# What was missing when a folder was configured may have been installed since.
again = $(if $(wildcard $(1)/build.ninja),--reconfigure)

.PHONY: all run test test-threads test-long bench install deb clean

all:
	@tools/need build
	@[ -e $(BUILD)/build.ninja ] || meson setup $(MESON_OPTIONS) -Dtests=false $(BUILD)
	@ninja -C $(BUILD) -j $(JOBS) $(TARGETS)
	@ln -sf src/cmd/papyr $(BUILD)/papyr
	@ln -sf src/cmd/papyr $(BUILD)/papyr-oci
	@$(if $(TARGETS),,$(SAMPLE))

# zlib's source for tests/sample, which a guest without network builds. Tried once in each build's folder: without
# network, tools/fetch-sample gets it later.
SAMPLE = [ -n "$(PAPYR_NO_APT)" ] || [ -e tests/sample/zlib ] || [ -e $(BUILD)/sample-tried ] || { \
	echo "getting zlib's source for tests/sample, once"; >$(BUILD)/sample-tried; \
	timeout 120 tools/fetch-sample || echo "it can be had later: tools/fetch-sample"; }

run:
	@tools/need build run
	@$(MAKE) --no-print-directory all TARGETS=src/cmd/papyr
	@tools/run-guest $(BUILD)/papyr $(ARGS)

# Three times: as it is shipped, by gcc; and by clang with sanitizers, without what takes ten times as long there.
# libFuzzer's targets are the same in both builds: the second has a minute for each.
test:
	@tools/need build run test
	@meson setup $(call again,$(BUILD)) $(MESON_OPTIONS) -Dtests=true $(BUILD) >/dev/null
	@$(MAKE) --no-print-directory all
	@[ -e $(SANITIZED)/build.ninja ] || CC=clang meson setup $(SANITIZED) -Dwerror=$(WERROR) \
		-Db_sanitize=address,undefined -Db_lundef=false -Dlock_ranks=true -Dcode_check=true
	@ninja -C $(SANITIZED) -j $(JOBS)
	PAPYR_FUZZ_SECONDS=5 meson test -C $(BUILD) --print-errorlogs --no-suite long
	meson test -C $(SANITIZED) --print-errorlogs --no-suite long --suite unit --suite kvm --suite fuzz
	meson test -C $(SANITIZED) --print-errorlogs small qmp images htab qemu-htab
	@$(MAKE) --no-print-directory test-threads

# Their guests run several vcpus and are paused. Reports go into files: a guest's terminal would stand still
# when nobody reads so many.
TESTS_THREADS := small qmp debian-4 gdb-smp load net virtio-disk share-guest

test-threads:
	@tools/need build run test
	@[ -e $(THREADS)/build.ninja ] || CC=clang meson setup $(THREADS) -Dwerror=$(WERROR) \
		-Db_sanitize=thread -Db_lundef=false -Dlock_ranks=true -Dcode_check=true
	@ninja -C $(THREADS) -j $(JOBS)
	@rm -f $(THREADS)/report.*
	export TSAN_OPTIONS=log_path=$(abspath $(THREADS))/report; \
	meson test -C $(THREADS) --print-errorlogs --no-suite long --suite unit --suite kvm && \
	meson test -C $(THREADS) --print-errorlogs $(TESTS_THREADS) || { cat $(THREADS)/report.*; exit 1; }

# And the guests without generated code, which takes them longer.
test-long: test
	meson test -C $(BUILD) --print-errorlogs --suite long
	PAPYR_ENGINE=portable meson test -C $(BUILD) --print-errorlogs --no-suite long --suite guest -t 4

bench:
	@tools/need build run bench
	@meson setup $(call again,$(BUILD)) $(MESON_OPTIONS) $(BUILD) >/dev/null
	@$(MAKE) --no-print-directory all
	@bench/run $(BUILD)

install: all
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild

deb:
	@tools/need build deb
	@JOBS=$(JOBS) tools/make-deb $(BUILD)-deb

clean:
	rm -rf $(BUILD) $(SANITIZED) $(THREADS) $(BUILD)-deb
