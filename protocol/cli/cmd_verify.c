/* galen verify: checks evidence with nothing but the practice's fingerprint. */
#include "cli.h"

#include "galen/evidence.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVIDENCE_MAX (256u * 1024 * 1024)

/* -- one file --------------------------------------------------------------------------------------- */

int read_file(struct cli *cli, const char *path, size_t max, struct galen_writer *out)
{
    uint8_t piece[65536];
    size_t n;
    FILE *file = fopen(path, "rb");
    if (!file)
        return cli_fail_as(cli, CLI_USAGE, GALEN_ERR_IO, "%s cannot be read: %s.", path,
                           strerror(errno));
    out->max = max;
    while ((n = fread(piece, 1, sizeof piece, file)) > 0)
        galen_write(out, piece, n);
    bool bad = ferror(file);
    fclose(file);
    return bad || out->failed ? cli_fail_as(cli, CLI_USAGE, GALEN_ERR_IO,
                                            "%s cannot be read to its end, or is too large.", path)
                              : CLI_OK;
}

static const char *const claim_words[GALEN_CLAIM_COUNT] = {
    [GALEN_CLAIM_PRACTICE] = "all certificates lead to this practice",
    [GALEN_CLAIM_ORDER] = "each entry stands where the file says, in one history",
    [GALEN_CLAIM_AUTHORSHIP] = "each entry was signed by the device it names",
    [GALEN_CLAIM_MEMBERSHIP] = "each author belonged to the chart and might do that",
    [GALEN_CLAIM_COMPLETENESS] = "nothing is left out, up to a head that a member signed",
    [GALEN_CLAIM_HEADS] = "members signed that they had verified this history",
    [GALEN_CLAIM_BODIES] = "the bodies that were signed are there",
    [GALEN_CLAIM_CONTENTS] = "what is disclosed is what was sealed",
};

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

static void print_signed_value(const char *before, const cJSON *field, const cJSON *value)
{
    char *shown = value->valuestring ? value->valuestring : "";
    plain_text(shown);
    printf("      %s%s = ", before, field->string);
    print_said(shown[0] ? shown : "(cleared)");
    printf("\n");
}

/* What it says, and what waited for an answer when it was signed. */
static void print_signed_record(const cJSON *record)
{
    const cJSON *field, *value, *proposal;
    printf("    %s %.8s%s%s\n", text_of(record, "doc"), text_of(record, "record"),
           strcmp(text_of(record, "state"), "present") == 0 ? "" : "  ",
           strcmp(text_of(record, "state"), "present") == 0 ? "" : text_of(record, "state"));
    cJSON_ArrayForEach(field, cJSON_GetObjectItemCaseSensitive(record, "fields"))
    {
        cJSON_ArrayForEach(value, field) print_signed_value("", field, value);
    }
    cJSON_ArrayForEach(proposal, cJSON_GetObjectItemCaseSensitive(record, "proposals"))
    {
        char before[64];
        snprintf(before, sizeof before, "proposed in entry %.0f, not answered: ",
                 cJSON_GetObjectItemCaseSensitive(proposal, "index")->valuedouble);
        cJSON_ArrayForEach(field, cJSON_GetObjectItemCaseSensitive(proposal, "fields"))
        {
            if (!field->child)
                printf("      %s%s = (cleared)\n", before, field->string);
            cJSON_ArrayForEach(value, field) print_signed_value(before, field, value);
        }
    }
}

/* Who signed what, when, and what they meant by it; and the documents, if they are shown. */
static void print_signed(const cJSON *one)
{
    const cJSON *record, *documents = cJSON_GetObjectItemCaseSensitive(one, "documents");
    char name[NAME_TEXT_MAX];
    snprintf(name, sizeof name, "%s", text_of(one, "name"));
    plain_text(name);
    printf("  entry %.0f is a sign-off: %s, by %s (%s, account %.12s, device %.12s), received %s\n",
           cJSON_GetObjectItemCaseSensitive(one, "index")->valuedouble, text_of(one, "meaning"),
           name[0] ? name : "?", text_of(one, "role"), text_of(one, "account"),
           text_of(one, "device"), text_of(one, "time"));
    printf("    of the documents after %.0f entries, whose hash is %s\n",
           cJSON_GetObjectItemCaseSensitive(one, "base")->valuedouble, text_of(one, "hash"));
    if (!documents) {
        printf("    the documents are not shown here\n");
        return;
    }
    printf("    these are the documents that were signed:\n");
    cJSON_ArrayForEach(record, cJSON_GetObjectItemCaseSensitive(documents, "records"))
        print_signed_record(record);
}

static void print_report(const char *path, const struct galen_evidence_report *r,
                         const cJSON *object)
{
    const cJSON *one;
    printf("%s: %s\n", path, galen_evidence_holds(r) ? "HOLDS" : "DOES NOT HOLD");
    printf("  %llu of %llu entries shown; complete up to %llu, as signed by members\n",
           (unsigned long long)r->shown, (unsigned long long)r->size,
           (unsigned long long)r->complete_to);
    for (size_t i = 0; i < GALEN_CLAIM_COUNT; i++)
        printf("  %-10s %s\n", claim_state_name(r->claims[i]), claim_words[i]);
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(object, "findings"))
    {
        const cJSON *index = cJSON_GetObjectItemCaseSensitive(one, "index");
        const cJSON *device = cJSON_GetObjectItemCaseSensitive(one, "device");
        printf("  ! %s: %s", cJSON_GetObjectItemCaseSensitive(one, "claim")->valuestring,
               cJSON_GetObjectItemCaseSensitive(one, "problem")->valuestring);
        if (index)
            printf(", at %.0f", index->valuedouble);
        if (device)
            printf(", device %.12s", device->valuestring);
        printf("\n");
    }
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(object, "contents"))
    {
        const cJSON *text = cJSON_GetObjectItemCaseSensitive(one, "text");
        if (cJSON_GetObjectItemCaseSensitive(one, "hash")) {
            print_signed(one);
            continue;
        }
        printf("  entry %.0f says: ", cJSON_GetObjectItemCaseSensitive(one, "index")->valuedouble);
        print_said(text ? text->valuestring : "(see --json)");
        printf("\n");
    }
}

static int verify(struct cli *cli, const char *path, struct galen_bytes file,
                  const struct galen_id *practice)
{
    struct galen_evidence_report report;
    enum galen_err err;
    cJSON *object = evidence_json(file, practice, &report, &err);
    if (!object)
        return cli_fail(cli, err,
                        err == GALEN_ERR_FORMAT ? "%s is no evidence that galen wrote." : "%s",
                        err == GALEN_ERR_FORMAT ? path : galen_err_help(err));
    if (cli->json) {
        cJSON_AddStringToObject(object, "file", path);
        print_json(object);
    } else {
        print_report(path, &report, object);
        cJSON_Delete(object);
    }
    return galen_evidence_holds(&report) ? CLI_OK : CLI_FAILED;
}

/* -- two views -------------------------------------------------------------------------------------- */

static const char *relation_name(uint8_t relation)
{
    static const char *const names[] = {[GALEN_VIEWS_UNRELATED] = "unrelated",
                                        [GALEN_VIEWS_SAME] = "same",
                                        [GALEN_VIEWS_PREFIX] = "prefix",
                                        [GALEN_VIEWS_FORKED] = "forked",
                                        [GALEN_VIEWS_NOT_SHOWN] = "not-shown"};
    return names[relation];
}

static void print_comparison(const struct galen_comparison *c)
{
    switch ((enum galen_relation)c->relation) {
    case GALEN_VIEWS_SAME:
        printf("Both show the same history.\n");
        break;
    case GALEN_VIEWS_PREFIX:
        printf("One is the beginning of the other: %llu entries in common.\n",
               (unsigned long long)c->index);
        break;
    case GALEN_VIEWS_FORKED:
        printf("FORKED: they show two histories of one chart");
        if (c->index != GALEN_NO_INDEX)
            printf(", which differ from entry %llu on", (unsigned long long)c->index);
        printf(".\nThe server, or somebody with its data, showed different people different "
               "things. Keep both "
               "files.\n");
        break;
    case GALEN_VIEWS_UNRELATED:
        printf("They are of different charts.\n");
        break;
    case GALEN_VIEWS_NOT_SHOWN:
        printf("They show too little to compare, or do not hold.\n");
        break;
    }
}

static int compare(struct cli *cli, struct galen_bytes a, struct galen_bytes b,
                   const struct galen_id *practice)
{
    struct galen_comparison c;
    enum galen_err err = galen_evidence_compare(a, b, practice, &c);
    if (err != GALEN_OK)
        return cli_fail(cli, err, NULL);
    if (cli->json) {
        cJSON *object = json_new("relation", relation_name(c.relation));
        if (c.index != GALEN_NO_INDEX)
            json_number(object, "index", c.index);
        json_number(object, "size_a", c.size[0]);
        json_number(object, "size_b", c.size[1]);
        for (size_t i = 0; i < 2; i++)
            if (c.has_proof[i])
                json_id(object, i == 0 ? "signed_a" : "signed_b", &c.proof[i].device);
        print_json(object);
    } else {
        print_comparison(&c);
    }
    return c.relation == GALEN_VIEWS_FORKED                                     ? CLI_DANGER
           : c.relation == GALEN_VIEWS_SAME || c.relation == GALEN_VIEWS_PREFIX ? CLI_OK
                                                                                : CLI_FAILED;
}

/* -- the command ------------------------------------------------------------------------------------ */

/* From outside, or else from a home that trusts the practice already [V1]. */
static int find_practice(struct cli *cli, struct galen_id *practice)
{
    const char *text = cli->args.value[OPTION_PRACTICE];
    if (text)
        return hex_read(text, practice->bytes, sizeof practice->bytes) == 2 * GALEN_ID_BYTES
                   ? CLI_OK
                   : cli_fail(cli, GALEN_ERR_USAGE,
                              "--practice takes the fingerprint's 64 digits.");
    cli->args.given[OPTION_OFFLINE] = true;
    int status = cli_open(cli, OPEN_MEMBER);
    if (status != CLI_OK)
        return status;
    *practice = *galen_engine_practice(cli->engine);
    return CLI_OK;
}

int command_verify(struct cli *cli)
{
    struct galen_id practice;
    struct galen_writer files[2];
    size_t count = cli->args.word_count;
    galen_writer_init(&files[0]);
    galen_writer_init(&files[1]);
    int status = find_practice(cli, &practice), worst = CLI_OK;
    for (size_t i = 0; i < count && status == CLI_OK; i++)
        status = read_file(cli, cli->args.words[i], EVIDENCE_MAX, &files[i]);
    for (size_t i = 0; i < count && status == CLI_OK; i++) {
        int one = verify(cli, cli->args.words[i], galen_written(&files[i]), &practice);
        worst = one > worst ? one : worst;
    }
    if (status == CLI_OK && count == 2) {
        int one = compare(cli, galen_written(&files[0]), galen_written(&files[1]), &practice);
        worst = one > worst ? one : worst;
    }
    galen_writer_wipe(&files[0]);
    galen_writer_wipe(&files[1]);
    return status != CLI_OK ? status : worst;
}
