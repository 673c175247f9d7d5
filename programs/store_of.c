/* programs/store_of.c - opening a store for one verb. */
#include "programs/store_of.h"

#include "crypto/crypto.h"
#include "programs/nouns.h"

static void hash(void *arg, struct bytes in, uint8_t out[32])
{
    (void)arg;
    sm3(in, out);
}

/* Only the server seals: its key process signs. */
static struct err no_sign(void *arg, const uint8_t digest[32], uint8_t out[80], size_t *n)
{
    (void)arg, (void)digest, (void)out, (void)n;
    return fault(FAULT_KEYD, "this program does not seal");
}

struct store_config store_config_of(struct cli *cli)
{
    return (struct store_config){
        .url = cli_text(cli, "store"),
        .clock = system_clock(),
        .entropy = entropy_system(),
        .sealer = { .hash = hash, .sign = no_sign },
        .inline_writer = true,
    };
}

RESULT store_of(struct cli *cli, struct store **out)
{
    const struct store_config config = store_config_of(cli);

    return store_open(&config, out);
}
