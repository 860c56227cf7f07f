/* A home on disk: sealed, in order, one process at a time, all of a change or nothing. */
#include "cli/folder.h"
#include "cli/home_key.h"
#include "cli/home_store.h"
#include "support/lossy_vfs.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64], home[80];
static const struct store_keys plain_keys;

static void make_folder(void)
{
    cr_assert(sodium_init() >= 0);
    strcpy(folder, "/tmp/galen-store-XXXXXX");
    cr_assert(mkdtemp(folder));
    snprintf(home, sizeof home, "%s/home", folder);
}

static int remove_one(const char *path, const struct stat *stat, int flag, struct FTW *ftw)
{
    (void)stat;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(cli_home, .init = make_folder, .fini = remove_folder);

static struct galen_bytes text(const char *t)
{
    return (struct galen_bytes){(const uint8_t *)t, strlen(t)};
}

static struct home_store *open_home(const struct store_keys *keys, enum galen_err expected)
{
    struct store_failure failure = {0};
    struct home_store *store = home_store_open(home, keys, true, 0, &failure);
    cr_expect_eq(store != NULL, expected == GALEN_OK, "%s", failure.text);
    if (!store) {
        cr_expect_eq(failure.err, expected, "%s: %s", galen_err_name(failure.err), failure.text);
        cr_expect(failure.text[0]);
    }
    return store;
}

struct seen {
    char text[512];
};

static enum galen_err see(void *context, struct galen_bytes key, struct galen_bytes value)
{
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof seen->text - used, "%.*s=%.*s ", (int)key.size,
             (const char *)key.at, (int)value.size, (const char *)value.at);
    return GALEN_OK;
}

static void expect_pairs(struct home_store *store, const char *expected)
{
    struct seen seen = {0};
    cr_expect_eq(home_store_each(store, "\xff", &seen, see), GALEN_OK);
    cr_expect_str_eq(seen.text, expected);
}

static void save(struct home_store *store, const char *key, const char *value)
{
    cr_assert_eq(home_store_save(store, text(key), text(value)), GALEN_OK);
}

Test(cli_home, pairs_come_back_in_ascending_order_of_bytes)
{
    struct home_store *store = open_home(&plain_keys, GALEN_OK);
    save(store, "b", "2");
    save(store, "a/10", "x");
    save(store, "a/9", "y");
    save(store, "\xc3\xa4", "ä");
    save(store, "a", "1");
    cr_assert_eq(home_store_commit(store), GALEN_OK);
    home_store_close(store);
    store = open_home(&plain_keys, GALEN_OK);
    expect_pairs(store, "a=1 a/10=x a/9=y b=2 \xc3\xa4=ä ");
    save(store, "b", "3");
    save(store, "a/9", "");
    cr_assert_eq(home_store_commit(store), GALEN_OK);
    expect_pairs(store, "a=1 a/10=x b=3 \xc3\xa4=ä ");
    home_store_close(store);
}

Test(cli_home, a_change_that_was_not_committed_is_as_if_it_had_not_been)
{
    struct home_store *store = open_home(&plain_keys, GALEN_OK);
    save(store, "kept", "1");
    cr_assert_eq(home_store_commit(store), GALEN_OK);
    save(store, "kept", "2");
    save(store, "half", "3");
    home_store_close(store);
    store = open_home(&plain_keys, GALEN_OK);
    expect_pairs(store, "kept=1 ");
    home_store_close(store);
}

Test(cli_home, what_was_committed_outlives_a_process_that_is_killed)
{
    pid_t child = fork();
    if (child == 0) {
        struct store_failure failure;
        struct home_store *store = home_store_open(home, &plain_keys, true, 0, &failure);
        if (!store || home_store_save(store, text("kept"), text("1")) != GALEN_OK ||
            home_store_commit(store) != GALEN_OK ||
            home_store_save(store, text("half"), text("2")) != GALEN_OK)
            _exit(1);
        kill(getpid(), SIGKILL);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status));
    struct home_store *store = open_home(&plain_keys, GALEN_OK);
    expect_pairs(store, "kept=1 ");
    home_store_close(store);
}

/* The machine loses its power: only what was synced is there afterwards. */
Test(cli_home, what_was_committed_outlives_a_machine_that_loses_its_power)
{
    pid_t child = fork();
    if (child == 0) {
        struct store_failure failure;
        if (!lossy_vfs_register(true))
            _exit(1);
        struct home_store *store = home_store_open(home, &plain_keys, true, 0, &failure);
        for (int i = 0; store && i < 20; i++) {
            char value[16];
            snprintf(value, sizeof value, "%d", i);
            if (home_store_save(store, text("kept"), text(value)) != GALEN_OK ||
                home_store_commit(store) != GALEN_OK)
                _exit(1);
        }
        if (!store || home_store_save(store, text("half"), text("x")) != GALEN_OK)
            _exit(1);
        kill(getpid(), SIGKILL);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status), "the writer failed");
    struct home_store *store = open_home(&plain_keys, GALEN_OK);
    expect_pairs(store, "kept=19 ");
    home_store_close(store);
}

Test(cli_home, a_full_disk_is_named_and_takes_nothing_away)
{
    static uint8_t large[256 * 1024];
    cr_assert(lossy_vfs_register(true));
    struct home_store *store = open_home(&plain_keys, GALEN_OK);
    save(store, "kept", "1");
    cr_assert_eq(home_store_commit(store), GALEN_OK);
    lossy_vfs_set_full(true);
    enum galen_err err =
        home_store_save(store, text("large"), (struct galen_bytes){large, sizeof large});
    if (err == GALEN_OK)
        err = home_store_commit(store);
    cr_expect_eq(err, GALEN_ERR_DISK_FULL, "%s", galen_err_name(err));
    home_store_close(store);
    lossy_vfs_set_full(false);
    store = open_home(&plain_keys, GALEN_OK);
    expect_pairs(store, "kept=1 ");
    home_store_close(store);
}

/* Whether these bytes stand anywhere in the home's files. */
static bool in_files(const char *what)
{
    static const char *const names[] = {"home.db", "home.db-wal"};
    bool found = false;
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        static uint8_t bytes[1 << 20];
        snprintf(path, sizeof path, "%s/%s", home, names[i]);
        long n = file_read(path, bytes, sizeof bytes);
        found = found || (n > 0 && memmem(bytes, (size_t)n, what, strlen(what)));
    }
    return found;
}

Test(cli_home, values_are_sealed_and_keys_are_not)
{
    struct home_store *store = open_home(&plain_keys, GALEN_OK);
    save(store, "a-key-of-a-pair", "TheCanaryInTheHome");
    cr_assert_eq(home_store_commit(store), GALEN_OK);
    cr_expect(!in_files("TheCanaryInTheHome"));
    cr_expect(in_files("a-key-of-a-pair"), "else this search finds nothing at all");
    home_store_close(store);
}

Test(cli_home, another_key_or_passphrase_does_not_open_it)
{
    char path[128], wrong[96], phrase[96];
    snprintf(wrong, sizeof wrong, "%s/wrong", folder);
    snprintf(phrase, sizeof phrase, "%s/phrase", folder);
    snprintf(path, sizeof path, "%s/key", home);
    cr_assert(file_make(wrong, "0123456789abcdef0123456789abcdef", 32));
    cr_assert(file_make(phrase, "open sesame\n", 12));
    home_store_close(open_home(&plain_keys, GALEN_OK));
    struct stat stat_key;
    cr_assert_eq(stat(path, &stat_key), 0);
    cr_expect_eq(stat_key.st_mode & 0777, 0600);
    cr_expect_eq(stat_key.st_size, 32);
    open_home(&(struct store_keys){.key_file = wrong}, GALEN_ERR_KEY);
    open_home(&(struct store_keys){.passphrase_file = phrase}, GALEN_ERR_KEY);
    cr_assert_eq(unlink(path), 0);
    open_home(&plain_keys, GALEN_ERR_KEY);
    cr_expect_eq(access(path, F_OK), -1, "no key is made for a home that has one");
}

Test(cli_home, a_key_file_of_few_bytes_is_refused)
{
    char few[96];
    snprintf(few, sizeof few, "%s/few", folder);
    cr_assert(file_make(few, "0123456789abcdef0123456789abcde", 31));
    open_home(&(struct store_keys){.key_file = few}, GALEN_ERR_KEY);
}

Test(cli_home, a_passphrase_is_the_first_line)
{
    char one[96], other[96], empty[96];
    snprintf(one, sizeof one, "%s/one", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    snprintf(empty, sizeof empty, "%s/empty", folder);
    cr_assert(file_make(one, "open sesame", 11));
    cr_assert(file_make(other, "open sesame\nand more\n", 21));
    cr_assert(file_make(empty, "\n", 1));
    home_store_close(open_home(&(struct store_keys){.passphrase_file = one}, GALEN_OK));
    home_store_close(open_home(&(struct store_keys){.passphrase_file = other}, GALEN_OK));
    open_home(&(struct store_keys){.passphrase_file = empty}, GALEN_ERR_KEY);
    open_home(&plain_keys, GALEN_ERR_KEY);
}

Test(cli_home, one_process_at_a_time)
{
    struct store_failure failure;
    struct home_store *store = open_home(&plain_keys, GALEN_OK);
    cr_expect_null(home_store_open(home, &plain_keys, true, 60, &failure));
    cr_expect_eq(failure.err, GALEN_ERR_LIMIT);
    char pid[32];
    snprintf(pid, sizeof pid, "process %ld", (long)getpid());
    cr_expect(strstr(failure.text, pid), "%s", failure.text);
    home_store_close(store);
    home_store_close(open_home(&plain_keys, GALEN_OK));
}

Test(cli_home, the_folder_is_closed_to_others)
{
    struct stat st;
    struct store_failure failure;
    cr_assert_eq(mkdir(home, 0755), 0);
    home_store_close(open_home(&plain_keys, GALEN_OK));
    cr_assert_eq(stat(home, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0700);
    char none[96];
    snprintf(none, sizeof none, "%s/none", folder);
    cr_expect_null(home_store_open(none, &plain_keys, false, 0, &failure));
    cr_expect_eq(failure.err, GALEN_ERR_CHART);
    cr_expect_eq(access(none, F_OK), -1, "looking makes no home");
}

Test(cli_home, a_file_is_never_replaced)
{
    char path[96];
    uint8_t back[16];
    snprintf(path, sizeof path, "%s/file", folder);
    cr_assert(file_make(path, "first", 5));
    cr_expect(!file_make(path, "second", 6));
    cr_expect_eq(errno, EEXIST);
    cr_expect_eq(file_read(path, back, sizeof back), 5);
    cr_expect_eq(file_read(path, back, 5), 5);
    cr_expect_eq(file_read(path, back, 4), -2, "longer than there is room for");
}

Test(cli_home, notes_are_kept_beside_the_pairs)
{
    struct home_store *store = open_home(&plain_keys, GALEN_OK);
    cr_expect_eq(home_store_noted(store, "shown"), 0);
    cr_assert_eq(home_store_note(store, "shown", 7), GALEN_OK);
    cr_assert_eq(home_store_note(store, "shown", 8), GALEN_OK);
    home_store_close(store);
    store = open_home(&plain_keys, GALEN_OK);
    cr_expect_eq(home_store_noted(store, "shown"), 8);
    expect_pairs(store, "");
    home_store_close(store);
}

Test(cli_home, limits_of_keys_and_values)
{
    static uint8_t large[STORE_VALUE_MAX + 1];
    struct home_store *store = open_home(&plain_keys, GALEN_OK);
    struct galen_bytes key = text("key");
    cr_expect_eq(home_store_save(store, key, (struct galen_bytes){large, STORE_VALUE_MAX}),
                 GALEN_OK);
    cr_expect_eq(home_store_save(store, key, (struct galen_bytes){large, sizeof large}),
                 GALEN_ERR_TOO_LARGE);
    cr_expect_eq(home_store_save(store, (struct galen_bytes){large, STORE_KEY_MAX + 1}, key),
                 GALEN_ERR_TOO_LARGE);
    cr_expect_eq(home_store_save(store, (struct galen_bytes){0}, key), GALEN_ERR_TOO_LARGE);
    home_store_close(store);
}

/* -- sealing ---------------------------------------------------------------------------------------- */

Test(cli_home, a_sealed_value_opens_under_its_key_and_name_alone)
{
    uint8_t key[HOME_KEY_BYTES] = {1}, other[HOME_KEY_BYTES] = {2};
    struct galen_writer sealed, again, out;
    cr_assert(sodium_init() >= 0);
    galen_writer_init(&sealed);
    galen_writer_init(&again);
    galen_writer_init(&out);
    home_seal(key, text("name"), text("value"), &sealed);
    home_seal(key, text("name"), text("value"), &again);
    cr_assert_eq(sealed.size, 5 + GALEN_PAIR_OVERHEAD);
    cr_expect(memcmp(sealed.at, again.at, sealed.size) != 0, "each has a nonce of its own");
    cr_expect_eq(galen_pair_open(key, text("name"), galen_written(&sealed), &out), GALEN_OK);
    cr_expect(out.size == 5 && memcmp(out.at, "value", 5) == 0);
    cr_expect_eq(galen_pair_open(other, text("name"), galen_written(&sealed), &out),
                 GALEN_ERR_SEAL);
    cr_expect_eq(galen_pair_open(key, text("nome"), galen_written(&sealed), &out), GALEN_ERR_SEAL);
    for (size_t i = 0; i < sealed.size; i++) {
        sealed.at[i] ^= 0x10;
        cr_expect_eq(galen_pair_open(key, text("name"), galen_written(&sealed), &out),
                     GALEN_ERR_SEAL, "byte %zu changed", i);
        sealed.at[i] ^= 0x10;
        cr_expect_eq(galen_pair_open(key, text("name"), (struct galen_bytes){sealed.at, i}, &out),
                     GALEN_ERR_SEAL, "cut at %zu", i);
    }
    cr_expect_eq(out.size, 5, "what does not open gives nothing");
    galen_writer_wipe(&sealed);
    galen_writer_wipe(&again);
    galen_writer_wipe(&out);
}

Test(cli_home, every_byte_of_the_lock_matters)
{
    uint8_t record[HOME_LOCK_BYTES], made[HOME_KEY_BYTES], opened[HOME_KEY_BYTES];
    struct store_failure failure;
    char path[96];
    snprintf(path, sizeof path, "%s/key-file", folder);
    const struct store_keys keys = {.key_file = path};
    cr_assert(home_key_make(folder, &keys, made, record, &failure), "%s", failure.text);
    struct galen_bytes whole = {record, sizeof record};
    cr_assert(home_key_open(folder, &keys, whole, opened, &failure));
    cr_expect(memcmp(made, opened, sizeof made) == 0);
    for (size_t i = 0; i < sizeof record; i++) {
        if (i == 1)
            continue; /* the kind: a passphrase is asked for then */
        record[i] ^= 4;
        cr_expect(!home_key_open(folder, &keys, whole, opened, &failure), "byte %zu", i);
        record[i] ^= 4;
        cr_expect(!home_key_open(folder, &keys, (struct galen_bytes){record, i}, opened, &failure),
                  "cut at %zu", i);
    }
}
