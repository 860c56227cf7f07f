/* Fields as people and programs write them become one write. */
#include "view/view.h"

#include "support/allocator.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const uint8_t record[16] = {1, 2, 3};

static struct galen_bytes bytes(const char *t)
{
    return (struct galen_bytes){(const uint8_t *)t, strlen(t)};
}

/* One write as text, by the schema's own printing: `name=value|name=value`. */
static void show(const struct galen_writer *encoded, char *out, size_t room)
{
    struct galen_write write;
    out[0] = 0;
    cr_assert_eq(galen_write_decode(galen_written(encoded), &write), GALEN_OK);
    cr_expect(memcmp(write.record, record, sizeof record) == 0);
    const struct galen_document *document = galen_document(write.doc);
    for (size_t i = 0; i < write.count; i++) {
        struct galen_writer text;
        char name[8];
        galen_writer_init(&text);
        value_text(document, write.fields[i].field, write.fields[i].value, &text);
        size_t used = strlen(out);
        snprintf(out + used, room - used, "%s%s=%.*s", used ? "|" : "",
                 field_name(document, write.fields[i].field, name), (int)text.size,
                 text.at ? (const char *)text.at : "");
        galen_writer_wipe(&text);
    }
}

static const struct galen_document *pmr(void)
{
    return galen_document_named("pmr");
}

static void expect_text(const char *in, const char *expected)
{
    struct galen_writer write;
    char why[DOC_WHY_MAX] = "", shown[1024];
    galen_writer_init(&write);
    bool ok = fields_from_text(pmr(), record, bytes(in), &write, why) == GALEN_OK;
    cr_expect(ok, "%s: %s", in, why);
    if (ok) {
        show(&write, shown, sizeof shown);
        cr_expect_str_eq(shown, expected);
    }
    galen_writer_wipe(&write);
}

static void refuse_text(const char *in, const char *says)
{
    struct galen_writer write;
    char why[DOC_WHY_MAX] = "";
    galen_writer_init(&write);
    cr_expect_eq(fields_from_text(pmr(), record, bytes(in), &write, why), GALEN_ERR_VALUE, "%s",
                 in);
    cr_expect(strstr(why, says), "%s: “%s” does not say “%s”", in, why, says);
    galen_writer_wipe(&write);
}

Test(fields, lines_in_any_order)
{
    expect_text("status=active", "status=active");
    expect_text("status = active\r\nkind=vitamin\n\n", "kind=vitamin|status=active");
    expect_text("reason=", "reason=");
    expect_text("taken_as=a=b", "taken_as=a=b");
    expect_text("regimen=drug=Aspirin; dose=1", "regimen=drug=Aspirin; dose=1; as_needed=no");
}

Test(fields, what_is_wrong_with_lines_is_named)
{
    refuse_text("status", "name=value");
    refuse_text("status=active\nstatus=stopped", "twice");
    refuse_text("colour=red", "`colour`");
    refuse_text("=red", "no name");
    refuse_text("status=perhaps", "It takes: ");
    refuse_text("status=perhaps", "active");
    refuse_text("start=yesterday", "2026-03-14");
    refuse_text("regimen=500 mg", "drug=");
    refuse_text("\n\n", "No field");
    refuse_text("reason=\xff", "It takes");
}

static void expect_json(const char *in, const char *expected)
{
    struct galen_writer write;
    char why[DOC_WHY_MAX] = "", shown[1024];
    cJSON *object = cJSON_Parse(in);
    cr_assert(object, "%s", in);
    galen_writer_init(&write);
    bool ok = fields_from_json(pmr(), record, object, &write, why) == GALEN_OK;
    cr_expect_eq(ok, expected != NULL, "%s: %s", in, why);
    if (ok && expected) {
        show(&write, shown, sizeof shown);
        cr_expect_str_eq(shown, expected);
    }
    galen_writer_wipe(&write);
    cJSON_Delete(object);
}

Test(fields, json_of_every_shape)
{
    expect_json("{\"status\":\"active\",\"kind\":\"herbal\"}", "kind=herbal|status=active");
    expect_json("{\"reason\":null}", "reason=");
    expect_json("{\"instructions\":\"one\\ntwo\"}", "instructions=one\ntwo");
    expect_json("{\"barriers\":[\"cost\",\"forgets\"]}", "barriers=cost, forgets");
    expect_json("{\"barriers\":[]}", "barriers=");
    expect_json("{\"order\":7}", "order=7");
    expect_json("{\"prescriber\":9007199254740}", "prescriber=9007199254740");
    expect_json("{\"regimen\":{\"drug\":\"A; \\\\B\",\"dose\":\"\",\"as_needed\":true}}",
                "regimen=drug=A\\; \\\\B; as_needed=yes");
}

Test(fields, json_that_is_no_write_is_refused)
{
    static const char *const cases[] = {"[]",
                                        "\"status\"",
                                        "{}",
                                        "{\"status\":[1]}",
                                        "{\"order\":-1}",
                                        "{\"order\":1e300}",
                                        "{\"order\":0}",
                                        "{\"order\":7.5}",
                                        "{\"taken_as\":{\"drug\":\"x\"}}",
                                        "{\"taken_as\":[\"one\",\"two\"]}",
                                        "{\"status\":{\"drug\":\"x\"}}",
                                        "{\"regimen\":{\"drug\":{}}}",
                                        "{\"regimen\":{\"drug\":\"a\",\"drug\":\"b\"}}",
                                        "{\"status\":\"active\",\"status\":\"active\"}"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_json(cases[i], NULL);
    struct galen_writer write;
    char why[DOC_WHY_MAX] = "";
    galen_writer_init(&write);
    cr_expect(fields_from_json(pmr(), record, NULL, &write, why) == GALEN_ERR_VALUE && why[0]);
    galen_writer_wipe(&write);
}

/* A glucose of 6.4 was once written as 6, and a weight of 81.5 as 82. */
Test(fields, a_number_with_a_decimal_point_is_not_rounded)
{
    struct galen_writer write;
    char why[DOC_WHY_MAX] = "";
    const struct galen_document *journal = galen_document_named("journal");
    cJSON *object = cJSON_Parse("{\"value\":6.4}");
    galen_writer_init(&write);
    cr_assert_eq(fields_from_json(journal, record, object, &write, why), GALEN_ERR_VALUE);
    cr_assert(strstr(why, "`value`") && strstr(why, "\"6.4\""), "%s", why);
    cJSON_Delete(object);
    galen_writer_wipe(&write);
}

static bool reads(const char *text, size_t size)
{
    cJSON *object = json_object((struct galen_bytes){(const uint8_t *)text, size});
    cJSON_Delete(object);
    return object != NULL;
}

/* Of `{"status":"active"}{"kind":"vitamin"}` once only the first was written, of "a\u0000b" the a. */
Test(fields, json_is_read_whole_or_not_at_all)
{
    static const char *const good[] = {"{}", " \n{\"a\":1}\r\n", "{\r\n\"a\":\r\n1}",
                                       "{\"a\":\"\\\\u0000\"}",
                                       "{\"a\":[[[[[[[]]]]]]],\"b\":\"[[[[[[[[[[\"}"};
    static const char *const bad[] = {"",
                                      "[]",
                                      "{\"a\":1}{\"b\":2}",
                                      "{\"a\":1} x",
                                      "{\"a\":\"b\\u0000c\"}",
                                      "{\"a\\u0000\":1}",
                                      "{\"a\":\"\xff\"}",
                                      "{\"a\":\"\r\"}",
                                      "{\"a\":[[[[[[[[]]]]]]]]}"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_expect(reads(good[i], strlen(good[i])), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(reads(bad[i], strlen(bad[i])), "%s", bad[i]);
    cr_expect_not(reads("{\"a\":\"b\0c\"}", 11));
    cJSON *object = json_object(bytes("{\"text\":\"a\",\"do\":\"send\",\"text\":\"b\"}"));
    cr_assert_str_eq(json_twice(object), "text");
    cJSON_Delete(object);
}

Test(fields, what_json_says_is_what_lines_say)
{
    struct galen_writer a, b;
    char why[DOC_WHY_MAX];
    galen_writer_init(&a);
    galen_writer_init(&b);
    cJSON *object =
        cJSON_Parse("{\"regimen\":{\"drug\":\"Metformin\",\"dose\":\"1\"},\"status\":\"active\"}");
    cr_assert_eq(fields_from_json(pmr(), record, object, &a, why), GALEN_OK, "%s", why);
    cr_assert_eq(fields_from_text(pmr(), record,
                                  bytes("status=active\nregimen=dose=1;drug=Metformin"), &b, why),
                 GALEN_OK, "%s", why);
    cr_expect(galen_bytes_equal(galen_written(&a), galen_written(&b)));
    cJSON_Delete(object);
    galen_writer_wipe(&a);
    galen_writer_wipe(&b);
}

/* A text that found no memory was once taken for the empty one, which clears a field. */
Test(fields, each_allocation_may_fail_and_no_field_is_cleared_by_it)
{
    cJSON *object = cJSON_Parse("{\"regimen\":{\"drug\":\"Metformin\"},\"status\":\"active\"}");
    const struct galen_bytes lines = bytes("status=active\nregimen=drug=Metformin");
    char why[DOC_WHY_MAX], shown[1024];
    size_t failures = 0;
    for (size_t from = 0; from < 2; from++)
        for (size_t nth = 1;; nth++) {
            struct galen_writer write;
            galen_writer_init(&write);
            allocator_fail(nth);
            enum galen_err err = from == 0 ? fields_from_json(pmr(), record, object, &write, why)
                                           : fields_from_text(pmr(), record, lines, &write, why);
            bool failed = allocator_failed();
            allocator_fail(0);
            cr_expect_eq(err, failed ? GALEN_ERR_MEMORY : GALEN_OK, "%zu: %s", nth, why);
            if (err == GALEN_OK) {
                show(&write, shown, sizeof shown);
                cr_expect(strstr(shown, "Metformin") && strstr(shown, "status=active"), "%s",
                          shown);
            }
            galen_writer_wipe(&write);
            failures += failed;
            if (!failed)
                break;
        }
    cr_assert_gt(failures, 3);
    cJSON_Delete(object);
}
