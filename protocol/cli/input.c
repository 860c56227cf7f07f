#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A terminal gives a line at a time. */
static int read_some(struct cli *cli, const char *what, bool one_line, struct galen_writer *out)
{
    uint8_t piece[4096];
    ssize_t n;
    bool typed = isatty(STDIN_FILENO) != 0;
    if (typed && !cli->json)
        fprintf(stderr, one_line ? "Type %s: " : "Type %s, then Ctrl-D on a line of its own.\n",
                what);
    while ((n = read(STDIN_FILENO, piece, sizeof piece)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return cli_fail(cli, GALEN_ERR_IO, "Standard input cannot be read: %s.",
                            strerror(errno));
        if ((size_t)n > INPUT_MAX - out->size)
            return cli_fail(cli, GALEN_ERR_TOO_LARGE, NULL);
        galen_write(out, piece, (size_t)n);
        if (typed && one_line && piece[n - 1] == '\n')
            break;
    }
    explicit_bzero(piece, sizeof piece);
    if (out->failed)
        return cli_fail(cli, GALEN_ERR_MEMORY, NULL);
    if (out->size > 0 && out->at[out->size - 1] == '\n')
        out->size--;
    if (out->size > 0 && out->at[out->size - 1] == '\r')
        out->size--;
    return CLI_OK;
}

static int not_empty(struct cli *cli, const char *what, int status, const struct galen_writer *out)
{
    if (status == CLI_OK && out->size == 0)
        return cli_fail(cli, GALEN_ERR_USAGE, "Standard input is empty; it should give %s.", what);
    return status;
}

int read_link(struct cli *cli, bool needed, struct galen_writer *out)
{
    int status = read_some(cli, "the link", true, out);
    return needed ? not_empty(cli, "the link", status, out) : status;
}

int read_input(struct cli *cli, const char *what, struct galen_writer *out)
{
    return not_empty(cli, what, read_some(cli, what, false, out), out);
}

int read_line(struct cli *cli, const char *what, struct galen_writer *out)
{
    int status = not_empty(cli, what, read_some(cli, what, true, out), out);
    if (status != CLI_OK)
        return status;
    while (out->size > 0 && out->at[out->size - 1] == ' ')
        out->size--;
    size_t from = 0;
    while (from < out->size && out->at[from] == ' ')
        from++;
    memmove(out->at, out->at + from, out->size - from);
    out->size -= from;
    if (!galen_line_ok(galen_written(out)))
        return cli_fail(cli, GALEN_ERR_USAGE,
                        "Standard input should give %s: one line of UTF-8 text, at most %d "
                        "characters.",
                        what, GALEN_LINE_POINTS_MAX);
    return CLI_OK;
}

bool read_url(const char *url, char *out, size_t room)
{
    static const char scheme[] = "https://";
    size_t skip = sizeof scheme - 1;
    if (strncmp(url, scheme, skip) != 0)
        return false;
    const char *host = url + skip;
    size_t size = strcspn(host, "/");
    if (host[size] == '/' && host[size + 1] != 0)
        return false;
    const char *colon = memchr(host, ':', size);
    size_t name = colon ? (size_t)(colon - host) : size;
    if (name == 0 || name > GALEN_HOST_NAME_MAX || size + 5 > room)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)host[i] <= ' ' || strchr("@?#\\", host[i]) ||
            (colon && i > name && (host[i] < '0' || host[i] > '9')))
            return false;
    if (colon && (size - name < 2 || size - name > 6))
        return false;
    memcpy(out, host, size);
    memcpy(out + size, colon ? "" : ":443", colon ? 1 : 5);
    return true;
}
