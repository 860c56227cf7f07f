/* protocol/cli/events.c: what somebody who stays is told in words. */
#include "cli/stay.h"

#include "support/meeting.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>

Test(cli_events, who_types_is_named_once_for_each_field_and_not_for_each_key,
     .init = cr_redirect_stdout)
{
    struct meeting *meeting = meeting_new(72);
    struct cli cli = {.engine = meeting_engine(meeting, ANN)};
    struct galen_event typing = {.kind = GALEN_EVENT_DRAFT,
                                 .chart = *galen_rules_chart(meeting->chart->rules),
                                 .device = *meeting_device(meeting, BEN),
                                 .doc = GALEN_DOC_PMR,
                                 .field = GALEN_PMR_EFFECTS,
                                 .number = 1};
    struct galen_event stopped = typing, other = typing;
    stopped.number = 0;
    other.field = GALEN_PMR_REASON;
    event_print(&cli, &typing);
    event_print(&cli, &typing);
    event_print(&cli, &other);
    event_print(&cli, &stopped);
    event_print(&cli, &other);
    event_print(&cli, &typing);
    event_print(&cli, &stopped);
    event_print(&cli, &typing);
    char said[4 * NAME_TEXT_MAX + 200] = "", name[NAME_TEXT_MAX];
    shown_name(&cli, &typing.chart,
               &galen_rules_ever_member(meeting->chart->rules, &typing.device)->account, name);
    static const char *const fields[] = {"effects", "reason", "effects", "effects"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        snprintf(said + strlen(said), sizeof said - strlen(said), "%s is in pmr, %s.\n", name,
                 fields[i]);
    cr_assert_stdout_eq_str(said);
    meeting_free(meeting);
}
