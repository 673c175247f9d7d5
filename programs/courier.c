/* programs/courier.c - the process that talks to strangers: takes asks from its socket, sends them
 * by libcurl to the configured targets, and gives the answers back. A redirect is not followed: a
 * partner that moves is a change of configuration. */
#include "programs/courier.h"

#include "programs/courier_wire.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct office {
    const struct courier_target *targets;
    size_t targets_n;
    sem_t free_threads;
};
struct line { /* one connection of a worker; lives until it ended and the last errand on it is done
               */
    struct office *office;
    int fd;
    pthread_mutex_t write_lock;
    int holders;
};
struct errand {
    struct line *line;
    uint32_t number;
    const struct courier_target *target;
    struct bytes body;
    struct str headers;
    uint8_t answer[COURIER_BODY_MAX];
    size_t answer_n;
    uint8_t frame[]; /* body and headers point in here */
};

static void line_hold(struct line *line)
{
    pthread_mutex_lock(&line->write_lock);
    line->holders++;
    pthread_mutex_unlock(&line->write_lock);
}

static void line_release(struct line *line)
{
    bool last;

    pthread_mutex_lock(&line->write_lock);
    last = --line->holders == 0;
    pthread_mutex_unlock(&line->write_lock);
    if (!last) return;
    close(line->fd);
    pthread_mutex_destroy(&line->write_lock);
    free(line);
}

static size_t keep_answer(char *p, size_t size, size_t n, void *arg)
{
    struct errand *errand = arg;
    size_t room = sizeof errand->answer - errand->answer_n;
    size_t kept = size * n < room ? size * n : room;

    memcpy(errand->answer + errand->answer_n, p, kept);
    errand->answer_n += kept;
    return size * n;
}

static struct curl_slist *header_list(struct str headers)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    char text[1024];

    while (headers.n > 0) {
        struct str header = str_cut(headers, '\n', &headers);
        if (header.n > 0 && str_c(header, text, sizeof text)) {
            list = curl_slist_append(list, text);
        }
    }
    return list;
}

/* The HTTP status, or 0 with *why. */
static long run_errand(struct errand *errand, const char **why)
{
    struct curl_slist *headers = header_list(errand->headers);
    CURL *curl = curl_easy_init();
    CURLcode code = CURLE_FAILED_INIT;
    long status = 0;

    if (curl) {
        curl_easy_setopt(curl, CURLOPT_URL, errand->target->url);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)errand->body.p);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)errand->body.n);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(errand->target->timeout_usec / 1000));
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_answer);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, errand);
        code = curl_easy_perform(curl);
        if (code == CURLE_OK) curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_cleanup(curl);
    }
    curl_slist_free_all(headers);
    *why = code == CURLE_OK ? "" : curl_easy_strerror(code);
    return status;
}

static void send_answer(struct errand *errand, long status, const char *why)
{
    size_t size = errand->answer_n + strlen(why) + 32;
    uint8_t *frame = malloc(size);
    struct writer w = writer_over(frame, frame ? size : 0);
    struct err err;

    put_be32(&w, errand->number);
    put_be16(&w, (uint16_t)status);
    put_be16(&w, (uint16_t)strlen(why));
    put_str(&w, str_of(why));
    put_be32(&w, (uint32_t)errand->answer_n);
    put_bytes(&w, bytes_of(errand->answer, errand->answer_n));
    pthread_mutex_lock(&errand->line->write_lock);
    err = w.over ? OK : frame_write(errand->line->fd, writer_bytes(&w));
    pthread_mutex_unlock(&errand->line->write_lock);
    (void)err; /* the worker is gone: it learns of the loss by the end of its connection */
    free(frame);
}

static void *errand_thread(void *arg)
{
    struct errand *errand = arg;
    const char *why = "unknown target";
    long status = errand->target ? run_errand(errand, &why) : 0;

    send_answer(errand, status, why);
    sem_post(&errand->line->office->free_threads);
    line_release(errand->line);
    free(errand);
    return NULL;
}

static const struct courier_target *target_find(const struct office *office, struct str name)
{
    for (size_t i = 0; i < office->targets_n; i++) {
        if (str_eq(office->targets[i].name, name)) return &office->targets[i];
    }
    return NULL;
}

/* NULL when the frame is not an ask. */
static struct errand *errand_of(struct line *line, struct bytes frame)
{
    struct errand *errand = malloc(sizeof *errand + frame.n);
    struct cursor c;

    if (!errand) return NULL;
    memcpy(errand->frame, frame.p, frame.n);
    c = cursor_over(bytes_of(errand->frame, frame.n));
    errand->line = line;
    errand->answer_n = 0;
    errand->number = take_be32(&c);
    errand->target = target_find(line->office, bytes_str(take_bytes(&c, take_u8(&c))));
    errand->headers = bytes_str(take_bytes(&c, take_be16(&c)));
    errand->body = take_bytes(&c, take_be32(&c));
    if (cursor_end(&c, 1).code != 0) {
        free(errand);
        return NULL;
    }
    return errand;
}

static void *line_thread(void *arg)
{
    struct line *line = arg;
    uint8_t *buffer = malloc(COURIER_FRAME_MAX);
    struct bytes frame;

    while (buffer && frame_read(line->fd, buffer, COURIER_FRAME_MAX, &frame).code == 0) {
        struct errand *errand = errand_of(line, frame);
        pthread_t thread;
        if (!errand) break;
        while (sem_wait(&line->office->free_threads) != 0 && errno == EINTR) {}
        line_hold(line);
        if (pthread_create(&thread, NULL, errand_thread, errand) != 0) {
            sem_post(&line->office->free_threads);
            line_release(line);
            free(errand);
            break;
        }
        pthread_detach(thread);
    }
    free(buffer);
    shutdown(line->fd, SHUT_RDWR);
    line_release(line);
    return NULL;
}

struct err courier_serve(int listener, const struct courier_target *targets, size_t n)
{
    struct office office = { .targets = targets, .targets_n = n };

    curl_global_init(CURL_GLOBAL_DEFAULT);
    sem_init(&office.free_threads, 0, COURIER_THREADS);
    for (;;) {
        struct line *line;
        pthread_t thread;
        int fd = accept(listener, NULL, NULL);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
        if (fd < 0) return fault(FAULT_IO, "courier: accept: errno %d", errno);
        line = calloc(1, sizeof *line);
        if (!line) return fault(FAULT_MEMORY, "courier: connection");
        *line = (struct line){ .office = &office, .fd = fd, .holders = 1 };
        pthread_mutex_init(&line->write_lock, NULL);
        if (pthread_create(&thread, NULL, line_thread, line) != 0) {
            line_release(line);
            continue;
        }
        pthread_detach(thread);
    }
}
