#include "cli.h"

#include <stdio.h>
#include <string.h>

static const char intro[] =
    "galen: a chart, its messages and its visits, from the command line. Everything is sealed on "
    "this\n"
    "machine and opened only by the chart's members; the server can read none of it.\n"
    "\n"
    "usage: galen COMMAND [ARGUMENTS] [OPTIONS]\n"
    "       galen COMMAND --help        explains a command, with examples\n";

static const char words[] =
    "\nWords:\n"
    "  home      a folder with this device's keys and what it has read (0700; one process at a "
    "time). One home\n"
    "            is one person's device. What is in it is sealed under HOME/key, which is made at "
    "first use;\n"
    "            --key-file or --passphrase-file put another key in its place, from the first use "
    "on.\n"
    "  CHART     a chart's id: as many of its digits as name it alone, at least four; `.` for the "
    "only one;\n"
    "            `practice` for the practice's own. `galen chart list` shows them. Likewise for "
    "people and\n"
    "            devices (`galen chart members`) and for records (`galen doc get`).\n"
    "  INDEX     the number of an entry in a chart's log.\n"
    "  texts, names, links and secrets come from standard input or a file, never from the "
    "arguments, where\n"
    "            other users of the machine could read them.\n"
    "\nWhat is asked for without a connection is kept in the home; the next command sends it.\n";

static const char statuses[] =
    "\nExit status:\n"
    "  0  done\n"
    "  1  refused by the rules or by the server, or it does not hold\n"
    "  2  the command is not complete, or has too much\n"
    "  3  no connection, or no answer in time; what was asked for is kept and sent later\n"
    "  4  the home cannot be used: another process has it, its key is another, it is damaged, or "
    "nobody's\n"
    "  5  the server, the practice or a chart's history contradict what is known here: stop and "
    "ask\n"
    "  130  interrupted\n"
    "\nWith --json, a failure is one object on standard error: error (a fixed name), message, "
    "help, status.\n"
    "In objects, ids are hexadecimal, and a time stands twice: `time` (RFC 3339) and `time_ms` "
    "(Unix).\n";

static const char beginning[] =
    "\nA visit in a few lines (each home would be on a machine of its own):\n"
    "  galen practice init --server https://HOST --token-file T <<< 'Front desk'      the "
    "practice\n"
    "  galen invite --role pharmacist <<< 'Paula Pharm' > pharmacist.link\n"
    "  galen join --home pharmacist < pharmacist.link\n"
    "  galen chart new --home pharmacist <<< 'Pat Patient'\n"
    "  galen invite --home pharmacist --role patient --chart . <<< 'Pat Patient' > patient.link\n"
    "  galen join --home patient < patient.link\n"
    "  galen send . --home patient <<< 'Good morning'\n"
    "  galen call . --home pharmacist --admit all --in a.wav --out b.wav &            opens the "
    "visit\n"
    "  galen call . --home patient --in c.wav --out d.wav                             knocks and "
    "is let in\n";

static void print_options(uint64_t options)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        char left[64];
        const struct option_info *info = &option_infos[i];
        if (!(options >> i & 1))
            continue;
        snprintf(left, sizeof left, "--%s%s%s", info->name, info->value ? " " : "",
                 info->value ? info->value : "");
        printf("  %-25s %s\n", left, info->help);
    }
}

void help_all(void)
{
    fputs(intro, stdout);
    printf("\nCommands:\n");
    for (size_t i = 0; i < command_count; i++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s%s", commands[i].words, commands[i].args[0] ? " " : "",
                 commands[i].args);
        printf("  %-42s %s\n", left, commands[i].summary);
    }
    printf("\nOptions of every command:\n");
    print_options(OPTIONS_COMMON);
    fputs(words, stdout);
    fputs(statuses, stdout);
    fputs(beginning, stdout);
}

void help_command(const struct command *command)
{
    printf("usage: galen %s%s%s [OPTIONS]\n\n%s.\n", command->words, command->args[0] ? " " : "",
           command->args, command->summary);
    if (command->help[0])
        printf("\n%s", command->help);
    if (command->options) {
        printf("\nOptions:\n");
        print_options(command->options);
    }
    printf("\nOptions of every command:\n");
    print_options(OPTIONS_COMMON);
    if (command->run == command_doc_set)
        help_fields();
}

/* Who writes a field besides staff, in one sign. */
static char writer_sign(const struct galen_field *field)
{
    if (field->writers == GALEN_STAFF_ALONE)
        return '-';
    if (field->writers == GALEN_WRITER_PRESCRIBER)
        return '+';
    return field->writers != 0 ? '*' : ' ';
}

void help_fields(void)
{
    const struct galen_language *language = galen_language("en");
    char takes[512];
    printf("\nBesides staff, patients and caregivers write what is marked *, prescribers what is\n"
           "marked +. They propose the rest, but for what is marked -.\n");
    for (size_t d = 0; d < galen_document_count; d++) {
        const struct galen_document *document = &galen_documents[d];
        printf("\nFields of `%s` (%s%s):\n", document->name,
               galen_document_words(language, document)->clinical,
               document->single ? "; one record, `new` is always that one" : "");
        for (size_t i = 0; i < document->field_count; i++) {
            const struct galen_field *field = &document->fields[i];
            field_takes(field, takes, sizeof takes);
            printf("  %-17s%c %s\n", field->name, writer_sign(field), takes);
        }
    }
}
