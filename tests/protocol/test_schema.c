#include "galen/schema.h"
#include "galen/words.h"

#include "support/allocator.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LAST_MS UINT64_C(253402300799999)

static struct galen_bytes text(const char *s)
{
    return (struct galen_bytes){(const uint8_t *)s, strlen(s)};
}

static const struct galen_field *field_of(const char *document, const char *name)
{
    const struct galen_field *field = galen_field_named(galen_document_named(document), name);
    cr_assert_not_null(field, "%s.%s", document, name);
    return field;
}

/* ---- The table ----------------------------------------------------------------------------------- */

Test(schema, documents_and_fields_are_found_by_number_and_name)
{
    cr_assert_eq(galen_document_count, 9);
    for (unsigned id = 0; id < 256; id++)
        cr_assert_eq(galen_document((uint8_t)id) != NULL, id >= 1 && id <= 9, "%u", id);
    cr_assert_null(galen_document_named("pmrs"));
    cr_assert_null(galen_document_named(""));
    for (size_t d = 0; d < galen_document_count; d++) {
        const struct galen_document *document = &galen_documents[d];
        cr_assert_eq(galen_document(document->id), document);
        cr_assert_eq(galen_document_named(document->name), document);
        cr_assert_null(galen_field(document, 0));
        cr_assert_null(galen_field(document, (uint16_t)(document->field_count + 1)));
        cr_assert_null(galen_field(document, 65535));
        cr_assert_null(galen_field_named(document, "nothing"));
        cr_assert_leq(document->field_count, 64);
        for (uint16_t n = 1; n <= document->field_count; n++) {
            const struct galen_field *field = galen_field(document, n);
            cr_assert_eq(field->number, n, "%s %u", document->name, n);
            cr_assert_eq(galen_field_named(document, field->name), field);
            bool has_options = field->kind == GALEN_VALUE_CHOICE || field->kind == GALEN_VALUE_SET;
            cr_assert_eq(field->option_count > 0, has_options, "%s", field->name);
            cr_assert_leq(field->option_count, 64);
            cr_assert_eq(field->kind == GALEN_VALUE_POSITION, n == document->order);
            cr_assert_eq(field->kind == GALEN_VALUE_NUMBER, field->most > 0);
            cr_assert_leq(field->least, field->most);
            cr_assert_eq(field->kind == GALEN_VALUE_RECORD, galen_document(field->refers) != NULL);
        }
    }
}

static const char *const kind_names[] = {"",         "text",   "line",   "choice",  "set",
                                         "date",     "time",   "yes-no", "regimen", "record",
                                         "position", "number", "wording"};

/* What stands in the column of values. */
static void takes_of(const struct galen_field *field, char out[400])
{
    snprintf(out, 400, "%s", kind_names[field->kind]);
    for (size_t i = 0; i < field->option_count; i++) {
        strcat(out, i == 0 ? ": " : ", ");
        strcat(out, field->options[i]);
    }
    if (field->kind == GALEN_VALUE_NUMBER)
        sprintf(out + strlen(out), ": %u to %u", field->least, field->most);
    if (field->kind == GALEN_VALUE_RECORD)
        sprintf(out + strlen(out), ": %s", galen_document(field->refers)->name);
    strcat(out, " ");
}

static const char *who_of(uint8_t writers)
{
    switch (writers) {
    case 0:
        return "staff ";
    case GALEN_WRITER_PATIENT | GALEN_WRITER_CAREGIVER:
        return "theirs ";
    case GALEN_WRITER_PRESCRIBER:
        return "prescriber ";
    case GALEN_STAFF_ALONE:
        return "staff alone ";
    default:
        return "";
    }
}

/* protocol/doc/SCHEMA.md is what people read; the table in the code has the same rows. */
Test(schema, the_table_is_that_of_SCHEMA_md)
{
    FILE *file = fopen(GALEN_SOURCE_DIR "/protocol/doc/SCHEMA.md", "r");
    cr_assert_not_null(file);
    const struct galen_language *english = galen_language("en");
    const struct galen_document *document = NULL;
    size_t fields = 0, documents = 0, adders = 0;
    char line[1000];
    while (fgets(line, sizeof line, file) != NULL) {
        unsigned number;
        char name[40], kind[400], who[40], plain[100], clinical[100];
        if (sscanf(line, "## %39s %u", name, &number) == 2) {
            document = galen_document_named(name);
            cr_assert_not_null(document, "%s", name);
            cr_assert_eq(document->id, number);
            documents++;
        }
        const char *added = document == NULL ? NULL : strstr(line, "Records are added by: ");
        if (added != NULL) {
            bool others = document->adders == (GALEN_WRITER_PATIENT | GALEN_WRITER_CAREGIVER);
            cr_assert(others || document->adders == 0);
            cr_assert_str_eq(added, others ? "Records are added by: staff, patient, caregiver.\n"
                                           : "Records are added by: staff.\n");
            adders++;
        }
        if (document == NULL ||
            sscanf(line, "| %u | `%39[^`]` | %399[^|] | %39[^|] | %99[^|] | %99[^|] |", &number,
                   name, kind, who, plain, clinical) != 6)
            continue;
        fields++;
        const struct galen_field *field = galen_field(document, (uint16_t)number);
        cr_assert_not_null(field, "%s", line);
        cr_assert_str_eq(field->name, name);
        char expected[400];
        takes_of(field, expected);
        cr_assert_str_eq(kind, expected);
        cr_assert_str_eq(who, who_of(field->writers));
        const struct galen_words *words = galen_field_words(english, document, field);
        snprintf(expected, sizeof expected, "%s ", words->plain);
        cr_assert_str_eq(plain, expected);
        snprintf(expected, sizeof expected, "%s ", words->clinical);
        cr_assert_str_eq(clinical, expected);
    }
    fclose(file);
    size_t all = 0;
    for (size_t d = 0; d < galen_document_count; d++)
        all += galen_documents[d].field_count;
    cr_assert_eq(documents, galen_document_count);
    cr_assert_eq(adders, galen_document_count);
    cr_assert_eq(fields, all, "%zu rows, %zu fields", fields, all);
}

/* RULES D2, written out: what is a patient's or caregiver's to say. */
Test(schema, D2_patients_and_caregivers_write_what_is_theirs_to_say)
{
    static const char *const theirs[] = {
        "pmr.taken_as",      "pmr.adherence",      "pmr.barriers",      "pmr.effects",
        "pmr.satisfaction",  "map.goal",           "map.status",        "map.done_at",
        "map.progress",      "profile.goals",      "journal.kind",      "journal.at",
        "journal.symptom",   "journal.systolic",   "journal.diastolic", "journal.value",
        "journal.note",      "visit.place",        "visit.agenda",      "visit.notes",
        "visit.questions",   "checkin.got_new",    "checkin.taking",    "checkin.trouble",
        "checkin.questions", "checkin.answered_at"};
    static const char alone[] = " dtp.finding visit.started visit.ended visit.minutes visit.step "
                                "visit.summary_sent_at visit.summary_how ";
    static const char answers[] = " dtp.answer dtp.answer_note ";
    static const enum galen_access staff[] = {
        [GALEN_ROLE_ADMINISTRATOR] = GALEN_ACCESS_DIRECT,
        [GALEN_ROLE_PHARMACIST] = GALEN_ACCESS_DIRECT,
        [GALEN_ROLE_TECHNICIAN] = GALEN_ACCESS_DIRECT,
        [GALEN_ROLE_PRESCRIBER] = GALEN_ACCESS_PROPOSE,
        [GALEN_ROLE_INTERPRETER] = GALEN_ACCESS_NONE,
    };
    size_t found = 0;
    for (size_t d = 0; d < galen_document_count; d++)
        for (uint16_t n = 1; n <= galen_documents[d].field_count; n++) {
            const struct galen_field *field = galen_field(&galen_documents[d], n);
            char name[80];
            snprintf(name, sizeof name, "%s.%s", galen_documents[d].name, field->name);
            bool is_theirs = false;
            for (size_t i = 0; i < sizeof theirs / sizeof theirs[0]; i++)
                is_theirs |= strcmp(theirs[i], name) == 0;
            found += is_theirs;
            char among[90];
            snprintf(among, sizeof among, " %s ", name);
            bool is_alone = strstr(alone, among) != NULL;
            for (unsigned role = 0; role < 12; role++) {
                bool person = role == GALEN_ROLE_PATIENT || role == GALEN_ROLE_CAREGIVER;
                enum galen_access expected = GALEN_ACCESS_NONE;
                if (is_alone && !galen_role_is_staff((enum galen_role)role))
                    expected = GALEN_ACCESS_NONE;
                else if (role == GALEN_ROLE_PRESCRIBER && strstr(answers, among) != NULL)
                    expected = GALEN_ACCESS_DIRECT;
                else if (person)
                    expected = is_theirs ? GALEN_ACCESS_DIRECT : GALEN_ACCESS_PROPOSE;
                else if (role < sizeof staff / sizeof staff[0])
                    expected = staff[role];
                cr_assert_eq(galen_field_access(field, (enum galen_role)role), expected,
                             "%s as role %u", name, role);
            }
        }
    cr_assert_eq(found, sizeof theirs / sizeof theirs[0]);
}

/* ---- Encodings ----------------------------------------------------------------------------------- */

struct encoding_case {
    const char *field; /* of the PMR, or with its document before it: "map.dtp" */
    const char *name;
    size_t size;
    const char *bytes;
    enum galen_err err;
    const char *printed; /* where OK */
};

#define B(s) sizeof(s) - 1, s
#define ID32 "\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10"
#define NO32 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ID16 "\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10"

static const struct encoding_case encodings[] = {
    {"reason", "cleared", B(""), GALEN_OK, ""},
    {"reason", "text", B("high blood\npressure"), GALEN_OK, "high blood\npressure"},
    {"reason", "spaces are kept", B(" a "), GALEN_OK, " a "},
    {"reason", "not UTF-8", B("\xff"), GALEN_ERR_VALUE, NULL},
    {"pharmacy", "a line", B("Löwen-Apotheke"), GALEN_OK, "Löwen-Apotheke"},
    {"pharmacy", "two lines", B("a\nb"), GALEN_ERR_VALUE, NULL},
    {"pharmacy", "a space behind", B("a "), GALEN_ERR_VALUE, NULL},
    {"status", "first option", B("\1"), GALEN_OK, "proposed"},
    {"status", "last option", B("\4"), GALEN_OK, "stopped"},
    {"status", "option 0", B("\0"), GALEN_ERR_VALUE, NULL},
    {"status", "a newer option", B("\5"), GALEN_ERR_UNKNOWN_KIND, NULL},
    {"status", "the last byte", B("\xff"), GALEN_ERR_UNKNOWN_KIND, NULL},
    {"status", "two options", B("\1\2"), GALEN_ERR_VALUE, NULL},
    {"status", "a newer option and more", B("\5\1"), GALEN_ERR_VALUE, NULL},
    {"barriers", "one", B("\2"), GALEN_OK, "forgets"},
    {"barriers", "three", B("\1\3\7"), GALEN_OK, "cost, side-effects, access"},
    {"barriers", "twice", B("\1\1"), GALEN_ERR_VALUE, NULL},
    {"barriers", "descending", B("\3\1"), GALEN_ERR_VALUE, NULL},
    {"barriers", "zero", B("\0\1"), GALEN_ERR_VALUE, NULL},
    {"barriers", "a newer option", B("\1\10"), GALEN_ERR_UNKNOWN_KIND, NULL},
    {"barriers", "option 64", B("\1\x40"), GALEN_ERR_UNKNOWN_KIND, NULL},
    {"barriers", "option 65", B("\1\x41"), GALEN_ERR_VALUE, NULL},
    {"barriers", "newer, then descending", B("\10\1"), GALEN_ERR_VALUE, NULL},
    {"start", "a day", B("\x07\xea\3\16"), GALEN_OK, "2026-03-14"},
    {"start", "a month", B("\x07\xea\3\0"), GALEN_OK, "2026-03"},
    {"start", "a year", B("\x07\xea\0\0"), GALEN_OK, "2026"},
    {"start", "year 1", B("\0\1\1\1"), GALEN_OK, "0001-01-01"},
    {"start", "year 9999", B("\x27\x0f\14\37"), GALEN_OK, "9999-12-31"},
    {"start", "year 0", B("\0\0\1\1"), GALEN_ERR_VALUE, NULL},
    {"start", "year 10000", B("\x27\x10\1\1"), GALEN_ERR_VALUE, NULL},
    {"start", "month 13", B("\x07\xea\15\1"), GALEN_ERR_VALUE, NULL},
    {"start", "31 April", B("\x07\xea\4\37"), GALEN_ERR_VALUE, NULL},
    {"start", "29 February 2026", B("\x07\xea\2\35"), GALEN_ERR_VALUE, NULL},
    {"start", "29 February 2024", B("\x07\xe8\2\35"), GALEN_OK, "2024-02-29"},
    {"start", "29 February 1900", B("\x07\x6c\2\35"), GALEN_ERR_VALUE, NULL},
    {"start", "29 February 2000", B("\x07\xd0\2\35"), GALEN_OK, "2000-02-29"},
    {"start", "a day without month", B("\x07\xea\0\1"), GALEN_ERR_VALUE, NULL},
    {"start", "three bytes", B("\x07\xea\3"), GALEN_ERR_VALUE, NULL},
    {"start", "five bytes", B("\x07\xea\3\16\0"), GALEN_ERR_VALUE, NULL},
    {"verified_at", "the beginning", B("\0\0\0\0\0\0\0\0"), GALEN_OK, "1970-01-01T00:00:00Z"},
    {"verified_at", "a millisecond", B("\0\0\0\0\0\0\0\1"), GALEN_OK, "1970-01-01T00:00:00.001Z"},
    {"verified_at", "the end", B("\0\0\xe6\x77\xd2\x1f\xdb\xff"), GALEN_OK,
     "9999-12-31T23:59:59.999Z"},
    {"verified_at", "after the end", B("\0\0\xe6\x77\xd2\x1f\xdc\0"), GALEN_ERR_VALUE, NULL},
    {"verified_at", "seven bytes", B("\0\0\0\0\0\0\0"), GALEN_ERR_VALUE, NULL},
    {"teach_back", "yes", B("\1"), GALEN_OK, "yes"},
    {"teach_back", "no", B("\0"), GALEN_OK, "no"},
    {"teach_back", "neither", B("\2"), GALEN_ERR_VALUE, NULL},
    {"regimen", "all parts", B("\7Aspirin\006100 mg\6tablet\0011\6tablet\10by mouth\5daily\0"),
     GALEN_OK,
     "drug=Aspirin; strength=100 mg; form=tablet; dose=1; unit=tablet; route=by mouth; "
     "frequency=daily; as_needed=no"},
    {"regimen", "only the drug", B("\3a;b\0\0\0\0\0\0\1"), GALEN_OK, "drug=a\\;b; as_needed=yes"},
    {"regimen", "a backslash", B("\2a\\\0\0\0\0\0\0\0"), GALEN_OK, "drug=a\\\\; as_needed=no"},
    {"regimen", "no drug", B("\0\1x\0\0\0\0\0\0"), GALEN_ERR_VALUE, NULL},
    {"regimen", "a line feed in a part", B("\1a\1\n\0\0\0\0\0\0"), GALEN_ERR_VALUE, NULL},
    {"regimen", "a space before a part", B("\2 a\0\0\0\0\0\0\0"), GALEN_ERR_VALUE, NULL},
    {"regimen", "as needed neither", B("\1a\0\0\0\0\0\0\2"), GALEN_ERR_VALUE, NULL},
    {"regimen", "a byte more", B("\1a\0\0\0\0\0\0\0\0"), GALEN_ERR_VALUE, NULL},
    {"regimen", "a byte less", B("\1a\0\0\0\0\0\0"), GALEN_ERR_VALUE, NULL},
    {"regimen", "a length in two bytes", B("\x40\1a\0\0\0\0\0\0\0"), GALEN_ERR_VALUE, NULL},
    {"map.dtp", "a record", B("\5" ID16), GALEN_OK, "5/01020304050607080102030405060708"},
    {"map.dtp", "document 0", B("\0" ID16), GALEN_ERR_VALUE, NULL},
    {"map.dtp", "no record", 17, "\5" NO32, GALEN_ERR_VALUE, NULL},
    {"map.dtp", "16 bytes", 16, "\5" ID16, GALEN_ERR_VALUE, NULL},
    {"map.dtp", "a record of another document", B("\4" ID16), GALEN_ERR_VALUE, NULL},
    {"journal.symptom", "the least", B("\0\0\0\0"), GALEN_OK, "0"},
    {"journal.symptom", "the most", B("\0\0\0\n"), GALEN_OK, "10"},
    {"journal.symptom", "more than the most", B("\0\0\0\v"), GALEN_ERR_VALUE, NULL},
    {"journal.symptom", "much more", B("\1\0\0\0"), GALEN_ERR_VALUE, NULL},
    {"journal.symptom", "five bytes", B("\0\0\0\1\0"), GALEN_ERR_VALUE, NULL},
    {"journal.systolic", "two bytes' worth", B("\0\0\1\x2c"), GALEN_OK, "300"},
    {"order", "one", B("\0\0\0\0\0\0\0\1"), GALEN_OK, "1"},
    {"order", "the greatest", B("\xff\xff\xff\xff\xff\xff\xff\xff"), GALEN_OK,
     "18446744073709551615"},
    {"order", "zero", B("\0\0\0\0\0\0\0\0"), GALEN_ERR_VALUE, NULL},
    {"order", "nine bytes", B("\0\0\0\0\0\0\0\1\0"), GALEN_ERR_VALUE, NULL},
};

static const struct galen_field *case_field(const char *name)
{
    char document[40];
    const char *point = strchr(name, '.');
    if (point == NULL)
        return field_of("pmr", name);
    snprintf(document, sizeof document, "%.*s", (int)(point - name), name);
    return field_of(document, point + 1);
}

Test(schema, values_have_one_encoding_and_a_plain_form)
{
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        const struct encoding_case *c = &encodings[i];
        const struct galen_field *field = case_field(c->field);
        uint8_t *exact = malloc(c->size + 1);
        memcpy(exact, c->bytes, c->size);
        struct galen_bytes in = {exact, c->size};
        struct galen_value value;
        struct galen_writer w;
        galen_writer_init(&w);
        cr_assert_eq(galen_value_read(field, in, &value), c->err, "%s: %s", c->field, c->name);
        cr_assert_eq(galen_value_check(field, in), c->err, "%s: %s", c->field, c->name);
        cr_assert_eq(galen_value_print(&w, field, in), c->err, "%s: %s", c->field, c->name);
        if (c->err == GALEN_OK) {
            cr_assert_eq(value.kind, c->size == 0 ? 0 : field->kind);
            cr_assert(galen_bytes_equal(galen_written(&w), text(c->printed)), "%s: %s gives %.*s",
                      c->field, c->name, (int)w.size, (const char *)w.at);
            galen_writer_clear(&w);
            cr_assert_eq(galen_value_write(&w, field, &value), GALEN_OK);
            cr_assert(galen_bytes_equal(galen_written(&w), in), "%s: %s", c->field, c->name);
            galen_writer_clear(&w);
            cr_assert_eq(galen_value_parse(&w, field, text(c->printed)), GALEN_OK, "%s: %s",
                         c->field, c->name);
            cr_assert(galen_bytes_equal(galen_written(&w), in), "%s: %s parsed", c->field, c->name);
        } else {
            cr_assert_eq(value.kind, 0);
            cr_assert_eq(w.size, 0);
        }
        galen_writer_wipe(&w);
        free(exact);
    }
}

Test(schema, values_cut_at_every_byte_are_refused_or_whole)
{
    static const struct {
        const char *field;
        size_t size;
        const char *bytes;
    } whole[] = {
        {"regimen", B("\7Aspirin\006100 mg\6tablet\0011\6tablet\10by mouth\5daily\0")},
        {"start", B("\x07\xea\3\16")},
        {"verified_at", B("\0\0\0\0\0\0\0\1")},
        {"map.dtp", B("\5" ID16)},
        {"journal.symptom", B("\0\0\0\1")},
        {"order", B("\0\0\0\0\0\0\0\1")},
    };
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        for (size_t cut = 1; cut < whole[i].size; cut++) {
            uint8_t *exact = malloc(cut);
            memcpy(exact, whole[i].bytes, cut);
            cr_assert_eq(
                galen_value_check(case_field(whole[i].field), (struct galen_bytes){exact, cut}),
                GALEN_ERR_VALUE, "%s cut to %zu", whole[i].field, cut);
            free(exact);
        }
}

Test(schema, text_is_limited_in_code_points)
{
    size_t most = (size_t)GALEN_TEXT_POINTS_MAX;
    uint8_t *long_text = malloc(2 * most + 1);
    for (size_t i = 0; i < most; i++)
        memcpy(long_text + 2 * i, "\xc3\xa9", 2);
    long_text[2 * most] = 'x';
    const struct galen_field *reason = field_of("pmr", "reason");
    const struct galen_field *wording = field_of("pmr", "watch_for");
    cr_assert_eq(galen_value_check(wording, (struct galen_bytes){long_text, 2 * most}), GALEN_OK);
    cr_assert_eq(galen_value_check(wording, (struct galen_bytes){long_text, 2 * most + 1}),
                 GALEN_ERR_VALUE);
    /* What several wrote at once may be longer: it is still read. */
    cr_assert_eq(galen_value_check(reason, (struct galen_bytes){long_text, 2 * most + 1}),
                 GALEN_OK);
    free(long_text);
}

Test(schema, only_values_of_the_field_are_written)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_write_u8(&w, 'x');
    const struct {
        const char *field;
        struct galen_value value;
    } refused[] = {
        {"status", {.kind = GALEN_VALUE_TEXT, .as.text = {(const uint8_t *)"a", 1}}},
        {"status", {.kind = GALEN_VALUE_CHOICE, .as.choice = 5}},
        {"status", {.kind = GALEN_VALUE_CHOICE, .as.choice = 0}},
        {"reason", {.kind = GALEN_VALUE_TEXT}}, /* empty would mean cleared */
        {"reason", {.kind = GALEN_VALUE_TEXT, .as.text = {(const uint8_t *)"\a", 1}}},
        {"barriers", {.kind = GALEN_VALUE_SET, .as.set = 0}},
        {"barriers", {.kind = GALEN_VALUE_SET, .as.set = 1 << 7}},
        {"start", {.kind = GALEN_VALUE_DATE, .as.date = {2026, 0, 4}}},
        {"verified_at", {.kind = GALEN_VALUE_TIME, .as.time_ms = LAST_MS + 1}},
        {"regimen", {.kind = GALEN_VALUE_REGIMEN}},
        {"order", {.kind = GALEN_VALUE_POSITION}},
        {"journal.symptom", {.kind = GALEN_VALUE_NUMBER, .as.number = 11}},
        {"map.dtp", {.kind = GALEN_VALUE_RECORD, .as.record = {4, {1}}}},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        cr_assert_eq(galen_value_write(&w, case_field(refused[i].field), &refused[i].value),
                     GALEN_ERR_VALUE, "%s, case %zu", refused[i].field, i);
        cr_assert_eq(w.size, 1, "nothing was appended");
        cr_assert_not(w.failed);
    }
    struct galen_value cleared = {0};
    cr_assert_eq(galen_value_write(&w, case_field("status"), &cleared), GALEN_OK);
    cr_assert_eq(w.size, 1);
    galen_writer_wipe(&w);
}

/* ---- Plain text forms ---------------------------------------------------------------------------- */

struct parse_case {
    const char *field;
    const char *text;
    const char *printed; /* NULL: refused */
};

static const struct parse_case parses[] = {
    {"regimen", "drug = Metformin ;strength=500 mg;as_needed=yes",
     "drug=Metformin; strength=500 mg; as_needed=yes"},
    {"regimen", " frequency=twice a day; drug=Metformin; ",
     "drug=Metformin; frequency=twice a day; as_needed=no"},
    {"regimen", "drug=a=b", "drug=a=b; as_needed=no"},
    {"regimen", "drug=x; form=", "drug=x; as_needed=no"},
    {"regimen", "drug=x\\;y\\\\", "drug=x\\;y\\\\; as_needed=no"},
    {"regimen", "drug=x\\y", NULL},
    {"regimen", "drug=x\\", NULL},
    {"regimen", "drug=x; drug=y", NULL},
    {"regimen", "drug=x; drug=", NULL},
    {"regimen", "drug=x; as_needed=no; as_needed=no", NULL},
    {"regimen", "drug=x; as_needed=maybe", NULL},
    {"regimen", "drug=x; colour=red", NULL},
    {"regimen", "drug=x; ; form=y", NULL},
    {"regimen", "strength=500 mg", NULL},
    {"regimen", "Metformin", NULL},
    {"regimen", "=", NULL},
    {"regimen", ";", NULL},
    {"regimen", "drug=a\nb", NULL},
    {"regimen", "   ", ""},
    {"status", " active ", "active"},
    {"status", "Active", NULL},
    {"status", "activ", NULL},
    {"status", "active,stopped", NULL},
    {"barriers", "access ,cost", "cost, access"},
    {"barriers", "cost, cost", "cost"},
    {"barriers", "cost,", NULL},
    {"barriers", ",cost", NULL},
    {"barriers", "cost,,forgets", NULL},
    {"start", " 2026-03-14 ", "2026-03-14"},
    {"start", "2026-3-14", NULL},
    {"start", "2026-03-", NULL},
    {"start", "2026-", NULL},
    {"start", "2026-00", NULL},
    {"start", "2026-03-00", NULL},
    {"start", "2026-02-29", NULL},
    {"start", "20260314", NULL},
    {"start", "2026-03-14T", NULL},
    {"start", "+202", NULL},
    {"verified_at", "2026-03-14T09:26:53.589Z", "2026-03-14T09:26:53.589Z"},
    {"verified_at", "2026-03-14T09:26Z", "2026-03-14T09:26:00Z"},
    {"verified_at", "2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"},
    {"verified_at", "2100-03-01T00:00:00Z", "2100-03-01T00:00:00Z"},
    {"verified_at", "2000-02-29T12:00:00Z", "2000-02-29T12:00:00Z"},
    {"verified_at", "1969-12-31T23:59:59Z", NULL},
    {"verified_at", "2023-02-29T00:00:00Z", NULL},
    {"verified_at", "2026-03-14T24:00:00Z", NULL},
    {"verified_at", "2026-03-14T09:60:00Z", NULL},
    {"verified_at", "2026-03-14T09:26:60Z", NULL},
    {"verified_at", "2026-03-14T09:26:53.58Z", NULL},
    {"verified_at", "2026-03-14 09:26:53Z", NULL},
    {"verified_at", "2026-03-14T09:26:53", NULL},
    {"verified_at", "2026-03-14T09:26:53+01:00", NULL},
    {"verified_at", "2026-03T09:26:53.123Z", NULL},
    {"verified_at", "2026-03-14T09:26:Z", NULL},
    {"teach_back", "yes", "yes"},
    {"teach_back", "no", "no"},
    {"teach_back", "true", NULL},
    {"map.dtp", "5/ABCDEF00000000000000000000000000", "5/abcdef00000000000000000000000000"},
    {"map.dtp", "5/g0000000000000000000000000000001", NULL},
    {"map.dtp", "5/01", NULL},
    {"map.dtp", "5/01020304050607080102030405060708", "5/01020304050607080102030405060708"},
    {"map.dtp", "256/01020304050607080102030405060708", NULL},
    {"map.dtp", "0/01020304050607080102030405060708", NULL},
    {"map.dtp", "5", NULL},
    {"map.dtp", "4/01020304050607080102030405060708", NULL},
    {"journal.symptom", " 010 ", "10"},
    {"journal.symptom", "11", NULL},
    {"journal.symptom", "-1", NULL},
    {"journal.symptom", "1.5", NULL},
    {"journal.symptom", "4294967296", NULL},
    {"journal.symptom", "18446744073709551617", NULL},
    {"journal.symptom", "", ""},
    {"order", "00012", "12"},
    {"order", "0", NULL},
    {"order", "18446744073709551616", NULL},
    {"order", "99999999999999999999", NULL},
    {"order", "-1", NULL},
    {"pharmacy", "  Corner Pharmacy ", "Corner Pharmacy"},
    {"pharmacy", "a\nb", NULL},
    {"reason", " two\r\nlines ", " two\nlines "},
    {"reason", "a\rb", NULL},
    {"reason", "", ""},
};

Test(schema, plain_text_forms_are_parsed_or_refused)
{
    for (size_t i = 0; i < sizeof parses / sizeof parses[0]; i++) {
        const struct parse_case *c = &parses[i];
        const struct galen_field *field = case_field(c->field);
        size_t n = strlen(c->text);
        uint8_t *exact = malloc(n + 1);
        memcpy(exact, c->text, n);
        struct galen_writer encoded, printed;
        galen_writer_init(&encoded);
        galen_writer_init(&printed);
        enum galen_err err = galen_value_parse(&encoded, field, (struct galen_bytes){exact, n});
        cr_assert_eq(err, c->printed == NULL ? GALEN_ERR_VALUE : GALEN_OK, "%s: %s", c->field,
                     c->text);
        if (c->printed == NULL) {
            cr_assert_eq(encoded.size, 0, "%s: %s: nothing was appended", c->field, c->text);
        } else {
            cr_assert_eq(galen_value_print(&printed, field, galen_written(&encoded)), GALEN_OK);
            cr_assert(galen_bytes_equal(galen_written(&printed), text(c->printed)),
                      "%s: %s gives %.*s", c->field, c->text, (int)printed.size,
                      (const char *)printed.at);
        }
        galen_writer_wipe(&encoded);
        galen_writer_wipe(&printed);
        free(exact);
    }
}

/* The C library's calendar is the judge of ours: a day in each month of four centuries and more. */
Test(schema, times_are_those_of_the_calendar)
{
    const struct galen_field *field = field_of("pmr", "verified_at");
    for (int64_t seconds = 0; seconds <= (int64_t)(LAST_MS / 1000); seconds += 86400 * 29 + 4711) {
        time_t t = (time_t)seconds;
        struct tm tm;
        char expected[40];
        gmtime_r(&t, &tm);
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", &tm);
        struct galen_value value = {.kind = GALEN_VALUE_TIME,
                                    .as.time_ms = (uint64_t)seconds * 1000};
        struct galen_writer encoded, printed, parsed;
        galen_writer_init(&encoded);
        galen_writer_init(&printed);
        galen_writer_init(&parsed);
        bool ok = galen_value_write(&encoded, field, &value) == GALEN_OK &&
                  galen_value_print(&printed, field, galen_written(&encoded)) == GALEN_OK &&
                  galen_bytes_equal(galen_written(&printed), text(expected)) &&
                  galen_value_parse(&parsed, field, text(expected)) == GALEN_OK &&
                  galen_bytes_equal(galen_written(&parsed), galen_written(&encoded));
        if (!ok)
            cr_assert_fail("%s is printed as %.*s", expected, (int)printed.size,
                           (const char *)printed.at);
        galen_writer_wipe(&encoded);
        galen_writer_wipe(&printed);
        galen_writer_wipe(&parsed);
    }
}

Test(schema, each_allocation_of_parse_and_print_may_fail)
{
    const struct galen_field *field = field_of("pmr", "regimen");
    char form[1000] = "drug=";
    memset(form + 5, 'x', 400);
    strcat(form, "; strength=");
    memset(form + strlen(form), 'y', 400);
    for (size_t nth = 1;; nth++) {
        struct galen_writer encoded, printed;
        galen_writer_init(&encoded);
        galen_writer_init(&printed);
        allocator_fail(nth);
        enum galen_err err = galen_value_parse(&encoded, field, text(form));
        if (err == GALEN_OK)
            err = galen_value_print(&printed, field, galen_written(&encoded));
        bool hit = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(err, hit ? GALEN_ERR_MEMORY : GALEN_OK);
        galen_writer_wipe(&encoded);
        galen_writer_wipe(&printed);
        if (!hit)
            break;
    }
}
