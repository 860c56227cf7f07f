#include "support/disk.h"

#include <stdio.h>

void disk_identity(struct galen_writer *w, enum galen_home_state state,
                   const struct chart_device *device, const struct chart *chart,
                   const struct chart *practice)
{
    struct galen_id fingerprint = galen_device_id(galen_sodium_primitives(), &chart->practice);
    const struct galen_cert *cert = &device->chain.certs[device->chain.count - 1];
    struct galen_id none = {{0}};
    galen_write_u8(w, DISK_VERSION);
    galen_write_u8(w, (uint8_t)state);
    galen_write(w, device->material, sizeof device->material);
    galen_write_id(w, &cert->account);
    galen_write_id(w, &fingerprint);
    galen_write(w, &chart->practice, sizeof chart->practice);
    galen_write_u8(w, cert->role);
    galen_write_vector(w, (struct galen_bytes){(const uint8_t *)DISK_HOST, sizeof DISK_HOST - 1});
    galen_write_id(w, practice ? galen_rules_chart(practice->rules) : &none);
    galen_chain_write(w, &(struct galen_chain){0});
}

void disk_entry(char key[DISK_KEY_MAX], struct galen_writer *value, const struct chart *chart,
                size_t index)
{
    const struct galen_id *id = galen_rules_chart(chart->rules);
    int used = snprintf(key, DISK_KEY_MAX, "log/");
    for (size_t i = 0; i < sizeof id->bytes; i++)
        used += snprintf(key + used, DISK_KEY_MAX - (size_t)used, "%02x", id->bytes[i]);
    snprintf(key + used, DISK_KEY_MAX - (size_t)used, "/page/%016zx", index);
    const struct galen_writer *record = &chart->entries[index].record;
    galen_writer_clear(value);
    galen_write_u8(value, 0); /* it was not opened */
    galen_write_u16(value, GALEN_OK);
    galen_write(value, record->at, record->size);
}
