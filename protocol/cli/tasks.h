/* What a running galen does when it is told to on standard input: one function a command. */
#ifndef GALEN_CLI_TASKS_H
#define GALEN_CLI_TASKS_H

#include "stay.h"

/* One command that is being carried out, and what is answered. */
struct task {
    struct stay *stay;
    struct cli *cli;
    const cJSON *in;
    cJSON *answer;
    galen_token token;
    bool has_token;
};

/* -- what the command says; CLI_OK, or said through cli_fail ---------------------------------------- */

const char *text_in(const struct task *t, const char *name);
struct galen_bytes bytes_in(const struct task *t, const char *name);
int number_in(const struct task *t, const char *name, uint64_t *out);
int chart_in(struct task *t, struct galen_id *chart);
int member_in(struct task *t, const char *name, unsigned kind, const struct galen_id *chart,
              struct galen_id *out);
int document_in(struct task *t, const struct galen_document **document);
int record_in(struct task *t, const struct galen_id *chart, const struct galen_document *document,
              uint8_t record[GALEN_RECORD_ID_BYTES]);
int outcome(struct task *t, enum galen_err err);
int requested(struct task *t, enum galen_err err);

/* -- tasks ------------------------------------------------------------------------------------------- */

int do_send(struct task *t);
int do_doc_set(struct task *t);
int do_accept(struct task *t);
int do_decline(struct task *t);
int do_choose(struct task *t);
int do_sign(struct task *t);
int do_undoable(struct task *t);
int do_undo(struct task *t);
int do_doc_get(struct task *t);
int do_log(struct task *t);
int do_draft(struct task *t);
int do_identify(struct task *t);
int do_add(struct task *t);
int do_remove(struct task *t);
int do_chart_new(struct task *t);
int do_invite(struct task *t);
int do_release(struct task *t);
int do_visit_open(struct task *t);
int do_knock(struct task *t);
int do_admit(struct task *t);
int do_refuse(struct task *t);
int do_leave(struct task *t);
int do_visit_end(struct task *t);
int do_call(struct task *t);
int do_mute(struct task *t);
int do_unmute(struct task *t);
int do_hang_up(struct task *t);

#endif
