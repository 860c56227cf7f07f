/* How a practice begins: its key reaches a new server, and this home is its first administrator's. */
#include "state.h"

#include <string.h>

#define CUSTODIAN_SPAN_MS (36525 * GALEN_DAY_MS)

static void found_certificate(struct galen_engine *engine, uint64_t now_ms, uint8_t role,
                              uint64_t span_ms, const struct galen_device_secrets *subject,
                              struct galen_chain *chain)
{
    struct galen_cert *cert = &chain->certs[0];
    chain->count = 1;
    *cert = (struct galen_cert){.role = role,
                                .purpose = GALEN_PURPOSE_DEVICE,
                                .not_before_ms = now_ms,
                                .not_after_ms = now_ms + span_ms,
                                .issues_until_ms = now_ms,
                                .account = device_of(engine, subject),
                                .issuer = engine->me.practice};
    if (role == GALEN_ROLE_ADMINISTRATOR)
        cert->issues_until_ms = cert->not_after_ms;
    public_keys(subject, &cert->keys);
    certify(engine, &engine->founding.practice, cert);
}

static enum galen_err found_chart(struct galen_engine *engine, uint64_t now_ms,
                                  const uint8_t custodian_secret[32], struct galen_bytes name)
{
    struct galen_device_secrets custodian;
    struct galen_chain chain = {0};
    galen_device_secrets_derive(custodian_secret, &custodian);
    found_certificate(engine, now_ms, GALEN_ROLE_CUSTODIAN, CUSTODIAN_SPAN_MS, &custodian, &chain);
    galen_device_secrets_wipe(&custodian);
    struct galen_newcomer add[2] = {{&engine->me.chain, true}, {&chain, true}};
    struct item item = item_new(engine, NULL, ITEM_FIRST);
    item.quiet = true;
    enum galen_err err =
        members_draft_first(engine, now_ms, add, 2, &item, &engine->me.practice_chart);
    struct chart *chart = err == GALEN_OK ? chart_get(engine, &engine->me.practice_chart) : NULL;
    if (!chart) {
        item_wipe(&item);
        return err == GALEN_OK ? GALEN_ERR_MEMORY : err;
    }
    err = outbox_add(engine, chart, &item);
    if (err == GALEN_OK && name.size > 0)
        err = write_name(engine, now_ms, chart, &engine->me.account, name);
    return err;
}

enum galen_err galen_engine_found(struct galen_engine *engine, uint64_t now_ms,
                                  struct galen_bytes host, struct galen_bytes token,
                                  const uint8_t practice_secret[32],
                                  const uint8_t custodian_secret[32], struct galen_bytes name)
{
    struct founding *f = &engine->founding;
    if (engine->me.state != GALEN_HOME_EMPTY && engine->me.state != GALEN_HOME_FOUNDING)
        return GALEN_ERR_STATE;
    if (token.size > GALEN_TOKEN_MAX)
        return GALEN_ERR_TOKEN;
    enum galen_err err = set_host(engine, host);
    if (err != GALEN_OK)
        return err;
    galen_device_secrets_derive(practice_secret, &f->practice);
    if (token.size > 0)
        memcpy(f->token, token.at, token.size);
    f->token_size = token.size;
    f->active = true;
    struct galen_id practice = device_of(engine, &f->practice);
    if (engine->me.state == GALEN_HOME_FOUNDING) { /* taken up again after a crash */
        err = galen_id_equal(&practice, &engine->me.practice) ? GALEN_OK : GALEN_ERR_STATE;
    } else {
        uint8_t material[32];
        draw(engine, material, sizeof material);
        identity_set(engine, material);
        galen_wipe(material, sizeof material);
        engine->me.practice = practice;
        public_keys(&f->practice, &engine->me.practice_keys);
        engine->me.account = engine->me.device;
        engine->me.role = GALEN_ROLE_ADMINISTRATOR;
        engine->me.state = GALEN_HOME_FOUNDING;
        found_certificate(engine, now_ms, GALEN_ROLE_ADMINISTRATOR, GALEN_STAFF_SPAN_MS,
                          &engine->me.secrets, &engine->me.chain);
        err = found_chart(engine, now_ms, custodian_secret, name);
        save_me(engine);
        commit(engine);
    }
    if (err == GALEN_OK)
        line_want(engine, now_ms, GALEN_CONNECTION_LOG, true);
    return err;
}

bool found_challenge(struct galen_engine *engine, const struct galen_frame_challenge *challenge)
{
    static const struct galen_public_keys none;
    struct founding *f = &engine->founding;
    if (memcmp(&challenge->practice, &none, sizeof none) != 0)
        return false;
    struct galen_frame frame = {.type = GALEN_FRAME_SETUP};
    struct galen_frame_setup *setup = &frame.as.setup;
    setup->token = (struct galen_bytes){f->token, f->token_size};
    public_keys(&f->practice, &setup->practice);
    struct galen_writer w;
    galen_writer_init(&w);
    galen_setup_message(&w, challenge->nonce, setup->token, &setup->practice);
    galen_sign(&f->practice, GALEN_SIGN_SETUP, galen_written(&w), setup->signature);
    if (w.failed)
        engine->outputs.failed = true;
    galen_writer_wipe(&w);
    send_frame(engine, GALEN_CONNECTION_LOG, &frame);
    return true;
}

void found_finished(struct galen_engine *engine)
{
    galen_wipe(&engine->founding, sizeof engine->founding);
    engine->me.state = GALEN_HOME_MEMBER;
    save_me(engine);
    commit(engine);
    event(engine, (struct galen_event){.kind = GALEN_EVENT_JOINED,
                                       .device = engine->me.device,
                                       .account = engine->me.account,
                                       .chart = engine->me.practice_chart});
}
