#include "support/stage_call.h"

#include "galen/keys.h"
#include "galen/sframe_header.h"
#include "support/primitives.h"

#include <criterion/criterion.h>
#include <string.h>

void stage_begin_visits(struct stage *s)
{
    stage_begin(s);
    memset(s->visit.bytes, 0x51, sizeof s->visit.bytes);
    memset(s->nonce, 0x4e, sizeof s->nonce);
}

void stage_add(struct stage *s, const struct party *party, bool from_member, bool holder)
{
    struct line *log = stage_log(s, &s->scene.pharmacist);
    scene_draft_epoch(&s->scene, &s->scene.pharmacist);
    scene_add(&s->scene, party, from_member, holder);
    stage_append(s, log);
    stage_disconnect(s, log);
}

void stage_drop(struct stage *s, const struct party *party)
{
    struct line *log = stage_log(s, &s->scene.pharmacist);
    scene_draft_epoch(&s->scene, &s->scene.pharmacist);
    scene_drop(&s->scene, party);
    stage_append(s, log);
    stage_disconnect(s, log);
}

uint32_t stage_send_visit_open(struct stage *s, struct line *line)
{
    struct galen_frame frame = {.type = GALEN_FRAME_VISIT_OPEN};
    frame.as.visit_open.request = ++s->request;
    frame.as.visit_open.chart = *stage_chart(s);
    frame.as.visit_open.visit = s->visit;
    memcpy(frame.as.visit_open.nonce, s->nonce, sizeof s->nonce);
    stage_send(s, line, &frame);
    return s->request;
}

void stage_open_visit(struct stage *s, struct line *line)
{
    uint32_t request = stage_send_visit_open(s, line);
    cr_assert_eq(stage_expect(line, GALEN_FRAME_DONE).as.done.request, request);
}

static void sign(const struct party *by, const char *label, struct galen_writer *message,
                 uint8_t signature[GALEN_SIGNATURE_BYTES])
{
    uint8_t signed_bytes[GALEN_SIGNED_MAX];
    size_t size = galen_signed_bytes(&test_primitives, label, galen_written(message), signed_bytes);
    test_sign(by->seed, (struct galen_bytes){signed_bytes, size}, signature);
    galen_writer_wipe(message);
}

void stage_sign_hello(const struct party *by, struct galen_call_hello *hello)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_call_hello_write_unsigned(&w, hello);
    sign(by, GALEN_SIGN_CALL_HELLO, &w, hello->signature);
}

struct galen_call_hello stage_make_hello(const struct stage *s, const struct party *party)
{
    struct galen_call_hello hello = {
        .chart = *stage_chart(s), .visit = s->visit, .device = party->id};
    memcpy(hello.key, party->keys.seal, sizeof hello.key);
    memcpy(hello.nonce, s->nonce, sizeof hello.nonce);
    stage_sign_hello(party, &hello);
    return hello;
}

uint32_t stage_send_hello(struct stage *s, struct line *line, const struct galen_call_hello *hello)
{
    struct galen_frame frame = {.type = GALEN_FRAME_KNOCK};
    struct galen_writer w;
    galen_writer_init(&w);
    galen_call_hello_write(&w, hello);
    frame.as.knock.request = ++s->request;
    frame.as.knock.visit = s->visit;
    frame.as.knock.hello = galen_written(&w);
    stage_send(s, line, &frame);
    galen_writer_wipe(&w);
    return s->request;
}

struct galen_frame_admitted stage_knock(struct stage *s, struct line *line)
{
    struct galen_call_hello hello = stage_make_hello(s, line->party);
    uint32_t request = stage_send_hello(s, line, &hello);
    cr_assert_eq(stage_expect(line, GALEN_FRAME_DONE).as.done.request, request);
    return stage_expect(line, GALEN_FRAME_ADMITTED).as.admitted;
}

void stage_sign_admission(const struct party *by, struct galen_call_admission *word)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_call_admission_write_unsigned(&w, word);
    sign(by, GALEN_SIGN_ADMIT, &w, word->signature);
}

struct galen_call_admission stage_make_admission(struct stage *s, const struct party *staff,
                                                 const struct party *whom, bool admitted)
{
    struct galen_call_admission word = {.chart = *stage_chart(s),
                                        .visit = s->visit,
                                        .device = whom->id,
                                        .staff = staff->id,
                                        .count = ++s->admissions,
                                        .admitted = admitted};
    stage_sign_admission(staff, &word);
    return word;
}

void stage_send_admission(struct stage *s, struct line *line,
                          const struct galen_call_admission *word)
{
    struct galen_frame frame = {.type = GALEN_FRAME_ADMIT};
    struct galen_writer w;
    galen_writer_init(&w);
    galen_call_admission_write(&w, word);
    frame.as.admit.request = ++s->request;
    frame.as.admit.visit = s->visit;
    frame.as.admit.admission = galen_written(&w);
    stage_send(s, line, &frame);
    galen_writer_wipe(&w);
}

void stage_send_admit(struct stage *s, struct line *line, const struct party *whom, bool admitted)
{
    struct galen_call_admission word = stage_make_admission(s, line->party, whom, admitted);
    stage_send_admission(s, line, &word);
}

void stage_send_visit_id(struct stage *s, struct line *line, uint8_t type)
{
    struct galen_frame frame = {.type = type};
    frame.as.visit_id.request = ++s->request;
    frame.as.visit_id.visit = s->visit;
    stage_send(s, line, &frame);
}

void stage_send_media(struct stage *s, struct line *line, uint16_t number, uint8_t n)
{
    uint8_t bytes[1 + GALEN_SFRAME_HEADER_MAX + 20] = {GALEN_FRAME_MEDIA};
    struct galen_call_key_id id = {.generation = 1, .participant = number};
    struct galen_sframe_header header = {galen_call_key_id_pack(id), n};
    size_t size = 1 + galen_sframe_header_write(&header, bytes + 1);
    memset(bytes + size, n, 20);
    stage_send_bytes(s, line, (struct galen_bytes){bytes, size + 20});
}

struct stage_call stage_begin_call(struct stage *s)
{
    struct stage_call call = {stage_live(s, &s->scene.pharmacist),
                              stage_live(s, &s->scene.patient)};
    stage_open_visit(s, call.pharmacist);
    cr_assert_eq(stage_knock(s, call.pharmacist).number, 1u);
    cr_assert_eq(stage_knock(s, call.patient).number, 2u);
    stage_send_admit(s, call.pharmacist, &s->scene.patient, true);
    cr_assert(stage_expect(call.patient, GALEN_FRAME_ADMITTED).as.admitted.admitted);
    stage_forget(call.pharmacist);
    stage_forget(call.patient);
    return call;
}

void stage_make_guest(struct stage *s, struct party *guest, unsigned number)
{
    party_make(guest, number);
    party_certify(guest, &s->scene.pharmacist, GALEN_ROLE_INTERPRETER, GALEN_PURPOSE_DEVICE,
                  &s->visit);
    guest->cert.scope_kind = GALEN_SCOPE_VISIT;
    guest->cert.not_before_ms = s->scene.now_ms;
    guest->cert.not_after_ms = s->scene.now_ms + 1000u * 60 * 60;
    guest->cert.issues_until_ms = guest->cert.not_before_ms;
    party_certify_again(guest);
}
