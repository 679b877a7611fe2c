/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cmd.h"
int cmd_list(int argc, char **argv) { return cmd_error("not yet"); }
int cmd_info(int argc, char **argv) { return cmd_error("not yet"); }
int cmd_pause(int argc, char **argv) { return cmd_error("not yet"); }
int cmd_resume(int argc, char **argv) { return cmd_error("not yet"); }
int cmd_stop(int argc, char **argv) { return cmd_error("not yet"); }
int cmd_save(int argc, char **argv) { return cmd_error("not yet"); }
int cmd_htab(int argc, char **argv) { return cmd_error("not yet"); }
