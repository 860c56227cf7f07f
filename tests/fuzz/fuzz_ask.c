/*
 * The input is questions to the module, one a line; `$chart` and the like stand for what its home has
 * (support/module.h). Each reply is to be JSON, or evidence that holds; what goes out is to be carried
 * out as it is.
 */
#include "galen/evidence.h"
#include "support/module.h"

#include <stdlib.h>
#include <string.h>

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static struct module_host *host;

static void ask(const char *question)
{
    const struct galen_reply *reply = module_ask(question, strlen(question));
    demand(reply->err < GALEN_ERR_COUNT);
    demand(reply->size > 0);
    if (reply->err == GALEN_OK && reply->at[0] != '{' && reply->at[0] != '[') {
        struct galen_id practice =
            galen_device_id(galen_sodium_primitives(), &host->patients->practice);
        struct galen_evidence_report report;
        demand(galen_evidence_check((struct galen_bytes){reply->at, reply->size}, &practice, NULL,
                                    &report) == GALEN_OK);
        demand(galen_evidence_holds(&report));
    } else {
        (void)module_said(reply);
    }
    module_drain(host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (memchr(data, 0, size)) /* module_fill takes characters; test_ask has zeros */
        return 0;
    host = host ? host : module_new();
    module_open(host);
    char *lines = malloc(size + 1), *rest = lines, *line;
    demand(lines);
    memcpy(lines, data, size);
    lines[size] = 0;
    while ((line = strsep(&rest, "\n"))) {
        char *question = module_fill(host, line);
        ask(question);
        free(question);
    }
    free(lines);
    galen_close();
    module_forget(host);
    return 0;
}
