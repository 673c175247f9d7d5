/* programs/demo/staff.c - one account for each role that staff can hold, with password, second
 * factor and a bearer token, in Hefei unless the role is the province's. */
#include "programs/demo/demo.h"

/* clang-format off */
static const struct post {
    enum role role;
    const char *user, *name, *org, *org_name;
    int32_t region;
} POSTS[] = {
    { ROLE_AGENT,      "agent",      "周敏",   "12333-340000",  "安徽12333热线（演示）",       340000 },
    { ROLE_CLERK,      "clerk",      "王芳",   "bank-340104-1", "徽商银行蜀山支行（演示）",    340000 },
    { ROLE_SUPERVISOR, "supervisor", "李强",   "bank-340104-1", "徽商银行蜀山支行（演示）",    340000 },
    { ROLE_OFFICER,    "officer",    "赵德明", "HRSS-340104",   "蜀山区人社局（演示）",        340104 },
    { ROLE_FINANCE,    "finance",    "孙丽",   "fin-340104",    "蜀山区财政局（演示）",        340104 },
    { ROLE_CLEARING,   "clearing",   "吴涛",   "clear-340100",  "合肥通卡清算中心（演示）",    340100 },
    { ROLE_VENUE,      "venue",      "郑雨",   "venue-340100",  "合肥市文旅局（演示）",        340100 },
    { ROLE_LIBRARY,    "library",    "冯静",   "lib-340100",    "合肥市图书馆（演示）",        340100 },
    { ROLE_HOSPITAL,   "hospital",   "陈海",   "hosp-340100",   "合肥市第一人民医院（演示）",  340100 },
    { ROLE_PHARMACY,   "pharmacy",   "褚兰",   "pharm-340100",  "合肥定点药店（演示）",        340100 },
    { ROLE_UNION,      "union",      "卫国",   "union-340000",  "省总工会（演示）",            340000 },
    { ROLE_ADMIN,      "admin",      "蒋志",   "HRSS-340000",   "省社会保障卡服务中心（演示）", 340000 },
    { ROLE_AUDITOR,    "auditor",    "沈信",   "audit-340000",  "省审计厅（演示）",            340000 },
    { ROLE_OPERATOR,   "operator",   "韩宇",   "ops-340000",    "运行中心（演示）",            340000 },
    { ROLE_DEVELOPER,  "developer",  "杨阳",   "dev-340000",    "系统开发商（演示）",          340000 },
};
/* clang-format on */

/* The office in the catalogue; 0 where the catalogue has none of that code (banks, shops). */
static int64_t org_of(const struct demo *demo, const struct post *post)
{
    const struct organisation *org = organisation_by_code(demo->cat, str_of(post->org));

    return org ? org->id : 0;
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
    int64_t staff_id;

    ask.org_id = org_of(demo, post);
    ask.grants[0] = (struct grant){ .role = post->role, .region_code = post->region };
    TRY(registry_staff_add(&demo->rg, NULL, &ask, &staff_id));
    if (post->role == ROLE_CLERK) demo->clerk_id = staff_id;
    own.actor = ACTOR_STAFF;
    own.actor_id = staff_id;
    demo_password(demo, password);
    TRY(registry_password_set(&demo->rg, SUBJECT_STAFF, staff_id, str_of(password), &act));
    TRY(registry_totp_set(&demo->rg, staff_id, (struct bytes){ 0 }, &act, totp));
    TRY(registry_token_make(&demo->rg,
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
    json_out_str(&demo->out, "org", str_of(post->org_name));
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
