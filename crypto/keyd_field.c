/* crypto/keyd_field.c - one sealed field (docs/decisions/0007-field-encryption.md).
 *
 *   u8 1 (SM4-CTR, CMAC-SM4)  u16 key version  iv 16  ciphertext  tag 16
 *   tag = CMAC(u8 1, u16 version, u8 n + table, u8 n + column, u64 row, iv, ciphertext) */
#include "crypto/keyd_core.h"

enum { FORMAT = 1, HEAD_BYTES = 3, IV_BYTES = 16, TAG_BYTES = 16 };

uint16_t field_seal_version(struct bytes sealed)
{
    if (sealed.n < FIELD_SEAL_MORE || sealed.p[0] != FORMAT) return 0;
    return (uint16_t)(sealed.p[1] << 8 | sealed.p[2]);
}

static void field_tag(const struct ring_key *key, const struct field_place *place,
                      const uint8_t head[HEAD_BYTES], struct bytes iv, struct bytes cipher,
                      uint8_t tag[TAG_BYTES])
{
    uint8_t where[2 + 2 * FIELD_NAME_MAX + 8];
    struct writer w = writer_over(where, sizeof where);

    put_u8(&w, (uint8_t)place->table.n);
    put_str(&w, place->table);
    put_u8(&w, (uint8_t)place->column.n);
    put_str(&w, place->column);
    put_be64(&w, (uint64_t)place->row_id);
    assert(!w.over);
    const struct bytes parts[] = { bytes_of(head, HEAD_BYTES), writer_bytes(&w), iv, cipher };
    sm4_cmac(bytes_of(key->parts.p + SM4_KEY_BYTES, SM4_KEY_BYTES), parts, LEN(parts), tag);
}

void field_seal(const struct ring_key *key, const struct field_place *place, const uint8_t iv[16],
                struct bytes in, uint8_t *out)
{
    uint8_t *cipher = out + HEAD_BYTES + IV_BYTES;

    out[0] = FORMAT;
    out[1] = (uint8_t)(key->row.version >> 8);
    out[2] = (uint8_t)key->row.version;
    memcpy(out + HEAD_BYTES, iv, IV_BYTES);
    sm4_ctr(bytes_of(key->parts.p, SM4_KEY_BYTES), iv, in, cipher);
    field_tag(key, place, out, bytes_of(iv, IV_BYTES), bytes_of(cipher, in.n), cipher + in.n);
}

RESULT field_open(struct keyring *ring, const struct field_place *place, struct bytes in,
                  uint8_t *out)
{
    uint16_t version = field_seal_version(in);
    const struct ring_key *key;
    struct cursor c = cursor_over(in);
    struct bytes head, iv, cipher, tag;
    uint8_t want[TAG_BYTES];

    REQUIRE(version != 0, KEYD_SEAL_BROKEN);
    key = keyring_find(ring, KEYS_FIELD, (enum suite)0, version);
    REQUIRE(key != NULL, KEYD_KEY_UNKNOWN);
    REQUIRE(key->row.state != KEY_DESTROYED, KEYD_KEY_DESTROYED);
    head = take_bytes(&c, HEAD_BYTES);
    iv = take_bytes(&c, IV_BYTES);
    cipher = take_bytes(&c, in.n - FIELD_SEAL_MORE);
    tag = take_rest(&c);
    field_tag(key, place, head.p, iv, cipher, want);
    REQUIRE(secret_eq(bytes_of(want, sizeof want), tag), KEYD_SEAL_BROKEN);
    sm4_ctr(bytes_of(key->parts.p, SM4_KEY_BYTES), iv.p, cipher, out);
    return OK;
}
