/* programs/demo/people.c - made-up people: names, ages and places in the shape of the province. */
#include "programs/demo/demo.h"

#include <stdlib.h>

enum { COUNTIES_MAX = 200, BATCH = 2000 };

/* clang-format off */
static const char *const SURNAMES[] = {
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何", "林",
    "高", "罗", "郑", "梁", "谢", "宋", "唐", "许", "邓", "冯", "韩", "曹", "曾", "彭", "萧", "蔡", "潘", "田",
    "董", "袁", "于", "余", "叶", "蒋", "杜", "苏", "魏", "程", "吕", "丁", "沈", "任", "姚", "卢", "傅", "钟",
    "姜", "崔", "谭", "廖", "范", "汪", "陆", "金", "石", "戴", "贾", "韦", "夏", "邱", "方", "侯", "邹", "熊",
    "孟", "秦", "白", "江", "阎", "薛", "尹", "段", "雷", "黎", "史", "龙", "陶", "贺", "顾", "毛", "郝", "龚",
    "邵", "万", "钱", "严", "欧阳", "洪", "鲍", "桂", "章", "葛",
};
static const char *const GIVEN[] = {
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "秀",
    "霞", "平", "刚", "桂", "英", "华", "玉", "兰", "红", "建", "国", "志", "文", "海", "云", "春", "梅", "燕",
    "鹏", "飞", "浩", "宇", "轩", "子", "涵", "梓", "欣", "怡", "佳", "雨", "诗", "思", "晨", "阳", "乐", "安",
    "宁", "康", "福", "寿", "德", "信", "义", "忠", "孝", "林", "森", "泉", "河", "山", "峰", "岩", "松", "柏",
};
/* Share of each age band, in thousandths: the shape of the census of 2020, rounded. */
static const struct { int from, to, share; } AGES[] = {
    { 0, 14, 193 }, { 15, 24, 96 }, { 25, 34, 132 }, { 35, 44, 131 }, { 45, 54, 175 },
    { 55, 64, 123 }, { 65, 74, 97 }, { 75, 84, 42 }, { 85, 100, 11 },
};
/* Codes that many older people still carry (regions_historic_anhui.csv). */
static const int32_t DISSOLVED[] = { 342425, 342401, 342501, 342601, 342901 };
/* clang-format on */

static int age_of_province(struct prng *prng)
{
    int64_t at = prng_between(prng, 0, 999);

    for (size_t i = 0; i < LEN(AGES); i++) {
        at -= AGES[i].share;
        if (at < 0) return (int)prng_between(prng, AGES[i].from, AGES[i].to);
    }
    return 40;
}

static int32_t a_county(struct demo *demo)
{
    struct region_walk walk = regions_within(demo->cat, REGION_ANHUI, LEVEL_COUNTY);
    int32_t counties[COUNTIES_MAX];
    const struct region *region;
    int64_t n = 0;

    while (n < COUNTIES_MAX && (region = region_next(&walk))) {
        counties[n++] = region->code;
    }
    return n ? counties[prng_between(&demo->prng, 0, n - 1)] : REGION_ANHUI;
}

void demo_person_make(struct demo *demo, int age, struct demo_person *out)
{
    struct prng *prng = &demo->prng;
    struct day today = day_of(clock_now(&demo->clock));
    struct day born;
    int32_t place;
    int given = (int)prng_between(prng, 1, 2);
    struct writer name = writer_over(out->name, sizeof out->name - 1);

    if (age < 0) age = age_of_province(prng);
    born.number = today.number - age * 365 - age / 4 - (int32_t)prng_between(prng, 1, 360);
    out->birth = day_date(born);
    out->region = a_county(demo);
    place = age > 40 && prng_between(prng, 0, 99) < 12
                ? DISSOLVED[prng_between(prng, 0, (int64_t)LEN(DISSOLVED) - 1)]
                : out->region;
    person_no_make(place, out->birth, (int)prng_between(prng, 0, 999), out->number);
    out->number[18] = 0;
    put_str(&name, str_of(SURNAMES[prng_between(prng, 0, (int64_t)LEN(SURNAMES) - 1)]));
    while (given-- > 0) {
        put_str(&name, str_of(GIVEN[prng_between(prng, 0, (int64_t)LEN(GIVEN) - 1)]));
    }
    out->name[name.n] = 0;
    snprintf(out->phone, sizeof out->phone, "100%08d", (int)prng_between(prng, 0, 99999999));
}

struct act demo_act(const struct demo *demo, enum channel channel, enum proof proof)
{
    return (struct act){
        .at = clock_now(&demo->clock),
        .actor = demo->clerk_id ? ACTOR_STAFF : ACTOR_JOB,
        .actor_id = demo->clerk_id,
        .channel = channel,
        .proof = proof,
        .provenance = PROVENANCE_SIMULATOR,
    };
}

static RESULT people_batch(struct demo *demo, struct demo_person *people, struct load_row *rows,
                           int64_t n, int64_t *loaded)
{
    const struct act act = demo_act(demo, CHANNEL_IMPORT, PROOF_PAPERS);

    memset(rows, 0, (size_t)n * sizeof *rows);
    for (int64_t i = 0; i < n; i++) {
        struct demo_person *person = &people[i];
        demo_person_make(demo, -1, person);
        rows[i].person = (struct person_ask){
            .document = DOCUMENT_CITIZEN,
            .number = str_of(person->number),
            .name = str_of(person->name),
            .phone = str_of(person->phone),
            .region_code = person->region,
        };
        rows[i].generation = prng_between(&demo->prng, 0, 99) < 35 ? 3 : 2;
        rows[i].social = prng_between(&demo->prng, 0, 99) < 94 ? SOCIAL_NORMAL : SOCIAL_SEALED;
    }
    return registry_load(&demo->rg, &act, rows, (size_t)n, loaded);
}

struct err demo_people(struct demo *demo, int64_t residents)
{
    struct demo_person *people = calloc(BATCH, sizeof *people);
    struct load_row *rows = calloc(BATCH, sizeof *rows);
    struct err err = people && rows ? OK : fault(FAULT_MEMORY, "demo: people");
    int64_t done = 0;

    /* the chance that two draw one number is small and such a row is refused: go on until all are
     * there */
    while (err.code == 0 && done < residents) {
        int64_t n = residents - done < BATCH ? residents - done : BATCH, loaded = 0;
        err = people_batch(demo, people, rows, n, &loaded);
        done += loaded;
        if (err.code == 0 && loaded == 0) {
            err = fault(FAULT_STORE, "demo: no row of a batch was taken, first: %d",
                        rows[0].end.code);
        }
    }
    free(people);
    free(rows);
    if (err.code == 0) demo->tell(demo->tell_arg, "居民", "residents", done);
    return err;
}
