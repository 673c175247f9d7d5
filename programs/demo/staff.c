/* programs/demo/staff.c - one account for each role that staff can hold, with password, second
 * factor and a bearer token, in Hefei unless the role is the province's. */
#include "programs/demo/demo.h"

/* org: its code in the catalogue, or, where the catalogue has none of the kind (a shop, a clearing
 * house), NULL and the name of one that is made up. limited: the role reaches that organisation
 * alone. The venue's staff are of the place that is open day and night, the first of the gates. */
/* clang-format off */
static const struct post {
    enum role role;
    const char *user, *name, *org, *org_name;
    int32_t region;
    bool limited;
} POSTS[] = {
    { ROLE_AGENT,      "agent",      "周敏",   "HRSS-340000",     NULL, 340000, false },
    { ROLE_CLERK,      "clerk",      "王芳",   NULL, "徽商银行蜀山支行（演示）",   340000, false },
    { ROLE_SUPERVISOR, "supervisor", "李强",   NULL, "徽商银行蜀山支行（演示）",   340000, false },
    { ROLE_OFFICER,    "officer",    "赵德明", "HRSS-340104",     NULL, 340104, false },
    { ROLE_FINANCE,    "finance",    "孙丽",   "FINANCE-340100",  NULL, 340100, false },
    { ROLE_CLEARING,   "clearing",   "吴涛",   NULL, "合肥通卡清算中心（演示）",   340100, false },
    { ROLE_VENUE,      "venue",      "郑雨",   "OPERATOR-SC0068", NULL, 340100, true },
    { ROLE_LIBRARY,    "library",    "冯静",   "OPERATOR-LI0002", NULL, 340100, true },
    { ROLE_HOSPITAL,   "hospital",   "陈海",   NULL, "合肥市第一人民医院（演示）", 340100, false },
    { ROLE_PHARMACY,   "pharmacy",   "褚兰",   NULL, "合肥定点药店（演示）",       340100, false },
    { ROLE_UNION,      "union",      "卫国",   "UNION-340000",    NULL, 340000, false },
    { ROLE_ADMIN,      "admin",      "蒋志",   "HRSS-340000",     NULL, 340000, false },
    { ROLE_AUDITOR,    "auditor",    "沈信",   NULL, "省审计厅（演示）",           340000, false },
    { ROLE_OPERATOR,   "operator",   "韩宇",   "DATA-340000",     NULL, 340000, false },
    { ROLE_DEVELOPER,  "developer",  "杨阳",   NULL, "系统开发商（演示）",         340000, false },
};
/* clang-format on */

/* Whose staff it is: its id and the name that demo.json tells. */
static RESULT org_of(const struct demo *demo, const struct post *post, int64_t *id,
                     struct str *name)
{
    const struct organisation *org =
        post->org ? organisation_by_code(demo->cat, str_of(post->org)) : NULL;

    if (post->org && !org) return fault(FAULT_STORE_CORRUPT, "no organisation %s", post->org);
    *id = org ? org->id : 0;
    *name = org ? org->name.zh : str_of(post->org_name);
    return OK;
}

static RESULT account(struct demo *demo, const struct post *post)
{
    const struct act act = demo_act(demo, CHANNEL_IMPORT, PROOF_PAPERS);
    struct act own = demo_act(demo, CHANNEL_WEB, PROOF_TWO_FACTORS);
    uint8_t totp[TOTP_SECRET_BYTES];
    struct staff_ask ask = {
        .user = str_of(post->user), .name = str_of(post->name), .grants_n = 1, .act = act
    };
    struct signed_in token;
    char password[17], base32[64];
    struct writer w = writer_over(base32, sizeof base32);
    struct str org_name;
    int64_t staff_id;

    TRY(org_of(demo, post, &ask.org_id, &org_name));
    ask.grants[0] = (struct grant){ .role = post->role,
                                    .region_code = post->region,
                                    .org_id = post->limited ? ask.org_id : 0 };
    TRY(registry_staff_add(&demo->rg, NULL, &ask, &staff_id));
    if (post->role == ROLE_CLERK) demo->clerk_id = staff_id;
    own.actor = ACTOR_STAFF;
    own.actor_id = staff_id;
    demo_password(demo, password);
    TRY(registry_password_set(&demo->rg, NULL, SUBJECT_STAFF, staff_id, str_of(password), &act));
    TRY(registry_totp_set(&demo->rg, staff_id, (struct bytes){ 0 }, &act, totp));
    TRY(registry_token_make(&demo->rg, NULL,
                            &(struct token_ask){ .subject = SUBJECT_STAFF,
                                                 .subject_id = staff_id,
                                                 .scopes = SCOPES_ALL,
                                                 .proof = PROOF_TWO_FACTORS,
                                                 .life_usec = TOKEN_LIFE_MAX_USEC,
                                                 .act = own },
                            &token));
    put_base32(&w, bytes_of(totp, sizeof totp));

    json_out_object(&demo->out, NULL);
    json_out_str(&demo->out, "role", str_of(role_name(post->role)));
    json_out_int(&demo->out, "region_code", post->region);
    json_out_str(&demo->out, "org", org_name);
    json_out_str(&demo->out, "user", str_of(post->user));
    json_out_str(&demo->out, "password", str_of(password));
    json_out_str(&demo->out, "totp_secret", writer_str(&w));
    json_out_str(&demo->out, "api_token", (struct str){ token.token, TOKEN_CHARS });
    json_out_end(&demo->out);
    return OK;
}

struct err demo_staff(struct demo *demo)
{
    json_out_array(&demo->out, "accounts");
    for (size_t i = 0; i < LEN(POSTS); i++) {
        struct err err = account(demo, &POSTS[i]);
        if (err.code != 0) return fault_add(err, "demo account %s", POSTS[i].user);
    }
    json_out_end(&demo->out);
    demo->tell(demo->tell_arg, "工作人员账号", "staff accounts", (int64_t)LEN(POSTS));
    return OK;
}
