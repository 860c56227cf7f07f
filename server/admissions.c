/*
 * The words of staff on who may be in a visit. Each is signed, so that the host of the call, who seals
 * its secret, need not believe this server; it is kept as it came, for those who come later.
 */
#include "hub_state.h"

#include <stdlib.h>
#include <string.h>

struct hub_admission *hub_admission_about(const struct hub_visit *visit,
                                          const struct galen_id *device)
{
    struct hub_admission *at = visit->admissions;
    while (at && !galen_id_equal(&at->word.device, device))
        at = at->next;
    return at;
}

bool hub_admission_holds(const struct hub_visit *visit, const struct galen_id *device)
{
    const struct hub_admission *kept = hub_admission_about(visit, device);
    if (!kept || kept->lapsed || !kept->word.admitted)
        return false;
    const struct galen_member *staff = galen_rules_member(visit->chart->rules, &kept->word.staff);
    return staff && galen_role_is_staff(staff->role) && staff->purpose == GALEN_PURPOSE_DEVICE;
}

enum galen_err hub_admission_check(const struct hub *hub, const struct hub_visit *visit,
                                   const struct hub_connection *connection,
                                   struct galen_bytes bytes, struct galen_call_admission *word)
{
    enum galen_err err = galen_call_admission_read(bytes, word);
    if (err != GALEN_OK)
        return err;
    if (!galen_id_equal(&word->visit, &visit->node.id) ||
        !galen_id_equal(&word->chart, &visit->chart->node.id))
        return GALEN_ERR_CHART;
    if (!galen_id_equal(&word->staff, &connection->id))
        return GALEN_ERR_SENDER;
    const struct hub_admission *kept = hub_admission_about(visit, &word->device);
    if (kept && !galen_call_admission_outdoes(word, &kept->word))
        return GALEN_ERR_REPLAY;
    if (!kept && visit->admission_count == GALEN_ADMISSIONS_MAX)
        return GALEN_ERR_LIMIT;
    return galen_call_admission_verify(hub->config.primitives, word, connection->keys.sign);
}

enum galen_err hub_admission_keep(struct hub_visit *visit, const struct galen_call_admission *word,
                                  struct galen_bytes bytes)
{
    struct hub_admission *kept = hub_admission_about(visit, &word->device);
    if (!kept) {
        kept = calloc(1, sizeof *kept);
        if (!kept)
            return GALEN_ERR_MEMORY;
        kept->next = visit->admissions;
        visit->admissions = kept;
        visit->admission_count++;
    }
    kept->word = *word;
    kept->lapsed = false;
    memcpy(kept->bytes, bytes.at, sizeof kept->bytes); /* the size of every word that can be read */
    return GALEN_OK;
}

void hub_admissions_wipe(struct hub_visit *visit)
{
    while (visit->admissions) {
        struct hub_admission *next = visit->admissions->next;
        free(visit->admissions);
        visit->admissions = next;
    }
    visit->admission_count = 0;
}
