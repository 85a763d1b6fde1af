#define _GNU_SOURCE /* strdup */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/token.h"
#include "room/room.h"
#include "support/api_bench.h"

_Static_assert(API_AFTER_BOX_S == EXTEND_MAX_MINUTES * 60, "what lets people in lasts as long as any extension");

#define INVITATIONS "/api/v1/sessions/s-1/invitations"
#define FOR_SAM(more) "{\"participation\":\"p-2\"" more "}"

/* The token of a link as it was handed over. */
struct handed {
    char token[64];
};

static struct handed link_of(const char *url)
{
    struct handed link = { "" };
    const char *token = strstr(url, "#i=");
    assert_non_null(token);
    assert_int_equal(strlen(token + 3), INVITATION_TOKEN_CHARS);
    strcpy(link.token, token + 3);
    return link;
}

static struct handed invite(struct bench *b, const char *body)
{
    assert_int_equal(ask(b, "POST", INVITATIONS, body), 201);
    return link_of(said(b, "url"));
}

static void schedule(struct bench *b)
{
    assert_in_range(ask(b, "PUT", "/api/v1/sessions/s-1", SESSION), 200, 201);
}

/* ---- At the door ---- */

static int knock(struct bench *b, const struct device *device, const char *path, const char *body, const char *token)
{
    char url[128], change[64], *bearer = b->token;
    snprintf(url, sizeof url, "https://rooms.example%s", path);
    snprintf(change, sizeof change, "{\"iat\":%lld}", (long long)now_unix_s(b->now));
    char *proof = device_prove(device, url, token, change);
    b->proof = proof;
    b->token = (char[]){ "" };
    int status = ask(b, "POST", path, body);
    b->token = bearer;
    b->proof = "";
    free(proof);
    return status;
}

static int open_door(struct bench *b, const struct device *device, const char *token)
{
    char body[128];
    snprintf(body, sizeof body, "{\"invitation\":\"%s\"}", token);
    return knock(b, device, "/join/open", body, token);
}

static int give_code(struct bench *b, const struct device *device, const char *token, const char *code)
{
    char body[128];
    snprintf(body, sizeof body, "{\"invitation\":\"%s\",\"code\":\"%s\"}", token, code);
    return knock(b, device, "/join/code", body, token);
}

/* From the link to the code, which is returned. */
static const char *receive_code(struct bench *b, const struct device *device, const char *token)
{
    static char code[CODE_DIGITS + 1];
    assert_int_equal(open_door(b, device, token), 200);
    assert_true(b->effects->has_delivery);
    assert_int_equal(b->effects->delivery.kind, DELIVERY_CODE);
    strcpy(code, b->effects->delivery.secret);
    return code;
}

static struct claims claims_said(const struct bench *b)
{
    struct claims claims;
    assert_string_equal(said(b, "state"), "open");
    assert_int_equal(token_verify(b->keyring, "kinroom", bytes_of(said(b, "token")), now_unix_s(b->now), &claims), OK);
    return claims;
}

/* ---- Invitations ---- */

static void a_link_is_handed_over_once_and_stored_nowhere(void **state)
{
    struct bench *b = *state;
    schedule(b);
    struct handed link = invite(b, FOR_SAM(",\"deliver\":false,\"contact\":\"mailto:sam@example.org\""));
    assert_false(b->effects->has_delivery);
    assert_says(b, "\"expires\":1790006600");
    assert_says(b, "\"code\":\"none\"");
    assert_int_equal(ask(b, "GET", INVITATIONS, NULL), 200);
    assert_says(b, "\"contact\":\"mailto:sam@example.org\"");
    assert_null(strstr(b->response.body, link.token));
    assert_false(bench_holds(b, link.token));
    assert_true(bench_holds(b, "sam@example.org"));
}

static void a_link_that_is_delivered_is_in_no_answer(void **state)
{
    struct bench *b = *state;
    schedule(b);
    assert_int_equal(ask(b, "POST", INVITATIONS, FOR_SAM(",\"deliver\":true,\"contact\":\"tel:+1-555-0100\"")), 201);
    assert_null(strstr(b->response.body, "#i="));
    const struct delivery *delivery = &b->effects->delivery;
    assert_true(b->effects->has_delivery);
    assert_int_equal(delivery->kind, DELIVERY_INVITATION);
    assert_string_equal(delivery->contact, "tel:+1-555-0100");
    assert_string_equal(delivery->participation.text, "p-2");
    assert_int_equal(delivery->expires, 1790006600);
    assert_memory_equal(delivery->secret, "https://rooms.example/#i=", 25);
    struct handed link = link_of(delivery->secret);
    assert_false(bench_holds(b, link.token));
    ask(b, "GET", INVITATIONS, NULL);
    assert_false(b->effects->has_delivery);
    assert_string_equal(b->effects->delivery.secret, "");
}

static void what_a_contact_may_be(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *contact;
        int status;
    } contacts[] = {
        { "mailto:sam@example.org", 201 },
        { "mailto:sam.o'neil+x@sub.example-1.org", 201 },
        { "tel:+15550100", 201 },
        { "tel:+1-555-(01).00", 201 },
        { "mailto:sam@example.org,eve@example.org", 422 },
        { "mailto:sam@example.org?bcc=eve@example.org", 422 },
        { "mailto:sam@example.org%0d%0aBcc:eve", 422 },
        { "mailto:sam@example.org\\r\\nBcc: eve", 422 },
        { "mailto:Sam <sam@example.org>", 422 },
        { "mailto:sam%2ceve@example.org", 422 },
        { "mailto:sam?to=eve@example.org", 422 },
        { "mailto:sam@eve@example.org", 422 },
        { "mailto:@example.org", 422 },
        { "mailto:sam@", 422 },
        { "mailto:sam", 422 },
        { "mailto:-oX@example.org", 422 },
        { "mailto:sam@.example.org", 422 },
        { "mailto:sam@-example.org", 422 },
        { "tel:5550100", 422 },
        { "tel:+12", 422 },
        { "tel:+1234567890123456", 422 },
        { "tel:+1555;ext=1", 422 },
        { "sip:sam@example.org", 422 },
        { "sam@example.org", 422 },
    };
    schedule(b);
    for (size_t i = 0; i < sizeof contacts / sizeof *contacts; i++) {
        char body[256];
        snprintf(body, sizeof body, FOR_SAM(",\"deliver\":false,\"contact\":\"%s\""), contacts[i].contact);
        if (ask(b, "POST", INVITATIONS, body) != contacts[i].status)
            fail_msg("%s: %d", contacts[i].contact, b->response.status);
    }
    char longest[400] = FOR_SAM(",\"deliver\":false,\"contact\":\"mailto:");
    size_t len = strlen(longest) - 1; /* over the last brace */
    memset(longest + len, 'x', CONTACT_MAX - 7 - 2);
    strcpy(longest + len + CONTACT_MAX - 7 - 2, "@y\"}");
    assert_int_equal(ask(b, "POST", INVITATIONS, longest), 201);
    strcpy(longest + len + CONTACT_MAX - 7 - 2, "@yy\"}");
    assert_int_equal(ask(b, "POST", INVITATIONS, longest), 422);
}

static void what_cannot_be_asked_for(void **state)
{
    struct bench *b = *state;
    static const char *const wrong[] = {
        "{}",
        FOR_SAM(""),
        FOR_SAM(",\"deliver\":1"),
        FOR_SAM(",\"deliver\":true,\"ttl\":5"),
        FOR_SAM(",\"deliver\":true,\"expires\":1790000000"),
        FOR_SAM(",\"deliver\":true,\"expires\":0"),
        FOR_SAM(",\"deliver\":true,\"not_before\":1790000500,\"expires\":1790000500"),
        FOR_SAM(",\"deliver\":true,\"not_before\":-1"),
        "{\"participation\":\"p-9\",\"deliver\":true}",
    };
    schedule(b);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(ask(b, "POST", INVITATIONS, wrong[i]), 422);
        assert_false(b->effects->has_delivery);
    }
    assert_int_equal(ask(b, "POST", "/api/v1/sessions/s-9/invitations", FOR_SAM(",\"deliver\":true")), 404);
    assert_int_equal(ask(b, "GET", "/api/v1/sessions/s-9/invitations", NULL), 404);
    strcpy(b->denied_participation.text, "p-2");
    assert_int_equal(ask(b, "POST", INVITATIONS, FOR_SAM(",\"deliver\":true")), 409);
    assert_says(b, "problem:over");
    *b->denied_participation.text = 0;
    bench_wait(b, 6600);
    assert_int_equal(ask(b, "POST", INVITATIONS, FOR_SAM(",\"deliver\":true")), 409);
}

static void a_new_invitation_ends_the_one_before(void **state)
{
    struct bench *b = *state;
    struct device *phone = device_create();
    schedule(b);
    struct handed first = invite(b, FOR_SAM(",\"deliver\":false")), second = invite(b, FOR_SAM(",\"deliver\":false"));
    assert_int_equal(open_door(b, phone, first.token), 404);
    assert_int_equal(open_door(b, phone, second.token), 200);
    assert_int_equal(ask(b, "GET", INVITATIONS "?limit=1", NULL), 200);
    assert_int_equal(strlen(said(b, "next")), 32);
    device_destroy(phone);
}

static void the_same_key_invites_once_and_hands_over_another_link(void **state)
{
    struct bench *b = *state;
    struct device *phone = device_create();
    char id[80];
    schedule(b);
    b->key = "given";
    struct handed first = invite(b, FOR_SAM(",\"deliver\":false"));
    strcpy(id, said(b, "id"));
    struct handed again = invite(b, FOR_SAM(",\"deliver\":false"));
    assert_string_equal(said(b, "id"), id);
    assert_string_not_equal(first.token, again.token);
    b->key = "";
    assert_int_equal(open_door(b, phone, first.token), 404);
    assert_int_equal(open_door(b, phone, again.token), 200);

    b->key = "sent";
    assert_int_equal(ask(b, "POST", INVITATIONS, FOR_SAM(",\"deliver\":true")), 201);
    assert_true(b->effects->has_delivery);
    strcpy(id, said(b, "id"));
    assert_int_equal(ask(b, "POST", INVITATIONS, FOR_SAM(",\"deliver\":true")), 201);
    assert_false(b->effects->has_delivery);
    assert_string_equal(said(b, "id"), id);
    /* What was revoked meanwhile does not come back. */
    char path[128];
    snprintf(path, sizeof path, "/api/v1/invitations/%s", id);
    assert_int_equal(ask(b, "DELETE", path, NULL), 204);
    assert_int_equal(ask(b, "POST", INVITATIONS, FOR_SAM(",\"deliver\":true")), 409);
    device_destroy(phone);
}

/* The reply is forgotten by then; what was made is not, and it was for somebody else. */
static void an_old_key_never_leads_to_somebody_elses_link(void **state)
{
    struct bench *b = *state;
    char sams[80];
    schedule(b);
    b->key = "used-again";
    invite(b, FOR_SAM(",\"deliver\":false"));
    strcpy(sams, said(b, "id"));
    bench_wait(b, API_REPLY_KEPT_S + 1);
    assert_int_equal(
        ask(b, "PUT", "/api/v1/sessions/s-1",
            "{\"kind\":\"individual\",\"opens_at\":1790090000,\"closes_at\":1790093000,\"client\":\"alex\",\"people\":["
            "{\"participation\":\"p-1\",\"person\":\"alex\",\"role\":\"client\",\"name\":\"Alex\"},"
            "{\"participation\":\"p-2\",\"person\":\"sam\",\"role\":\"loved_one\",\"name\":\"Sam\"}]}"),
        200);
    invite(b, "{\"participation\":\"p-1\",\"deliver\":false}");
    assert_string_equal(said(b, "participation"), "p-1");
    assert_string_not_equal(said(b, "id"), sams);
}

static void sending_anew_and_revoking(void **state)
{
    struct bench *b = *state;
    struct device *phone = device_create();
    char path[128], again[160];
    schedule(b);
    struct handed first = invite(b, FOR_SAM(",\"deliver\":false"));
    snprintf(path, sizeof path, "/api/v1/invitations/%s", said(b, "id"));
    snprintf(again, sizeof again, "%s/deliver", path);
    char code[CODE_DIGITS + 1];
    strcpy(code, receive_code(b, phone, first.token));
    assert_int_equal(give_code(b, phone, first.token, code), 200);

    assert_int_equal(ask(b, "POST", again, NULL), 202);
    assert_true(b->effects->has_delivery);
    struct handed second = link_of(b->effects->delivery.secret);
    assert_int_equal(open_door(b, phone, first.token), 404);
    assert_int_equal(open_door(b, phone, second.token), 200);
    assert_string_equal(said(b, "state"), "open");
    b->key = "once";
    assert_int_equal(ask(b, "POST", again, NULL), 202);
    assert_true(b->effects->has_delivery);
    assert_int_equal(ask(b, "POST", again, NULL), 202);
    assert_false(b->effects->has_delivery);
    b->key = "";

    assert_int_equal(ask(b, "DELETE", path, NULL), 204);
    assert_int_equal(ask(b, "DELETE", path, NULL), 204);
    assert_int_equal(ask(b, "POST", again, NULL), 409);
    assert_int_equal(open_door(b, phone, second.token), 404);
    assert_int_equal(ask(b, "GET", INVITATIONS, NULL), 200);
    assert_says(b, "\"revoked\":true,\"devices\":1,\"code\":\"passed\"");
    assert_int_equal(ask(b, "DELETE", "/api/v1/invitations/none", NULL), 404);
    assert_int_equal(ask(b, "POST", "/api/v1/invitations/none/deliver", NULL), 404);
    device_destroy(phone);
}

static void a_link_that_nothing_would_deliver_is_refused(void **state)
{
    struct bench *b = *state;
    char path[160];
    schedule(b);
    b->has_no_delivery = true;
    bench_reopen(b, NULL);
    assert_int_equal(ask(b, "POST", INVITATIONS, FOR_SAM(",\"deliver\":true")), 409);
    assert_says(b, "problem:no_delivery");
    invite(b, FOR_SAM(",\"deliver\":false"));
    snprintf(path, sizeof path, "/api/v1/invitations/%s/deliver", said(b, "id"));
    assert_int_equal(ask(b, "POST", path, NULL), 409);
    assert_false(b->effects->has_delivery);
}

static void a_full_disk_invites_nobody(void **state)
{
    struct bench *b = *state;
    schedule(b);
    b->real->ops = &b->full;
    assert_int_equal(ask(b, "POST", INVITATIONS, FOR_SAM(",\"deliver\":true")), 503);
    assert_false(b->effects->has_delivery);
    b->real->ops = b->real_ops;
    assert_int_equal(ask(b, "GET", INVITATIONS, NULL), 200);
    assert_says(b, "\"items\":[]");
}

/* ---- From link to seat ---- */

static void a_code_binds_a_device_and_no_other(void **state)
{
    struct bench *b = *state;
    struct device *phone = device_create(), *laptop = device_create();
    char code[CODE_DIGITS + 1];
    schedule(b);
    struct handed link = invite(b, FOR_SAM(",\"deliver\":false,\"contact\":\"mailto:sam@example.org\""));
    strcpy(code, receive_code(b, phone, link.token));
    assert_string_equal(said(b, "state"), "code");
    assert_int_equal(strspn(code, "0123456789"), CODE_DIGITS);
    assert_string_equal(b->effects->delivery.contact, "mailto:sam@example.org");
    assert_int_equal(b->effects->delivery.expires, NOW + CODE_LIFE_S);
    assert_true(b->effects->has_code);
    assert_int_equal(b->effects->code.state, CODE_SENT);
    assert_string_equal(b->effects->code.participation.text, "p-2");
    assert_false(bench_holds(b, code));

    /* Asking again at once sends none. */
    assert_int_equal(open_door(b, phone, link.token), 200);
    assert_false(b->effects->has_delivery || b->effects->has_code);

    assert_int_equal(give_code(b, phone, link.token, code), 200);
    assert_int_equal(b->effects->code.state, CODE_PASSED);
    struct claims claims = claims_said(b);
    assert_string_equal(claims.participation.text, "p-2");
    assert_string_equal(claims.session.text, "s-1");
    assert_int_equal(claims.role, ROLE_LOVED_ONE);
    assert_int_equal(strlen(claims.device.text), 43);
    assert_int_equal(claims.expires, 1790006600);
    assert_false(bench_holds(b, said(b, "token")));

    assert_int_equal(open_door(b, phone, link.token), 200);
    assert_string_equal(claims_said(b).device.text, claims.device.text);
    assert_false(b->effects->has_delivery || b->effects->has_code);
    bench_wait(b, CODE_AGAIN_S);
    receive_code(b, laptop, link.token);
    assert_string_equal(said(b, "state"), "code");
    device_destroy(phone);
    device_destroy(laptop);
}

static void a_wrong_code_is_told_to_the_therapist_and_to_nobody_else(void **state)
{
    struct bench *b = *state;
    struct device *phone = device_create();
    char code[CODE_DIGITS + 1], wrong[CODE_DIGITS + 1];
    schedule(b);
    struct handed link = invite(b, FOR_SAM(",\"deliver\":false"));
    strcpy(code, receive_code(b, phone, link.token));
    strcpy(wrong, code);
    wrong[0] = wrong[0] == '9' ? '0' : (char)(wrong[0] + 1);
    assert_int_equal(give_code(b, phone, link.token, wrong), 404);
    assert_true(b->effects->has_code);
    assert_int_equal(b->effects->code.state, CODE_FAILED);
    assert_string_equal(said(b, "type"), "urn:kinroom:problem:bad_link");
    ask(b, "GET", INVITATIONS, NULL);
    assert_says(b, "\"code\":\"failed\"");
    assert_int_equal(give_code(b, phone, link.token, code), 200);
    device_destroy(phone);
}

/* By an answer that was lost on the way, or by somebody else's guesses. */
static void a_device_that_is_bound_is_not_shut_out(void **state)
{
    struct bench *b = *state;
    struct device *phone = device_create(), *other = device_create();
    char code[CODE_DIGITS + 1];
    schedule(b);
    struct handed link = invite(b, FOR_SAM(",\"deliver\":false"));
    strcpy(code, receive_code(b, phone, link.token));
    assert_int_equal(give_code(b, phone, link.token, code), 200);
    assert_int_equal(give_code(b, phone, link.token, code), 200);
    assert_int_equal(b->effects->code.state, CODE_PASSED);
    for (int i = 0; i < CODE_FAILURES_MAX; i++) {
        assert_int_equal(give_code(b, other, link.token, code), 404);
        assert_int_equal(b->effects->code.state, CODE_FAILED);
    }
    assert_int_equal(open_door(b, phone, link.token), 200);
    claims_said(b);
    bench_wait(b, CODE_AGAIN_S);
    assert_int_equal(open_door(b, other, link.token), 404);
    assert_int_equal(give_code(b, other, link.token, code), 404);
    assert_false(b->effects->has_code);
    device_destroy(phone);
    device_destroy(other);
}

static void an_hour_has_so_many_codes_and_the_last_stays_good(void **state)
{
    struct bench *b = *state;
    struct device *phone = device_create(), *other = device_create();
    char code[CODE_DIGITS + 1];
    schedule(b);
    struct handed link = invite(b, FOR_SAM(",\"deliver\":false"));
    for (int i = 0; i < CODES_PER_HOUR; i++) {
        strcpy(code, receive_code(b, phone, link.token));
        bench_wait(b, CODE_AGAIN_S);
    }
    assert_int_equal(open_door(b, phone, link.token), 200);
    assert_string_equal(said(b, "state"), "code");
    assert_false(b->effects->has_delivery);
    assert_int_equal(give_code(b, phone, link.token, code), 200);
    assert_int_equal(open_door(b, other, link.token), 404);
    bench_wait(b, 3600 - CODES_PER_HOUR * CODE_AGAIN_S - 1);
    assert_int_equal(open_door(b, other, link.token), 404);
    bench_wait(b, 1);
    receive_code(b, other, link.token);
    device_destroy(phone);
    device_destroy(other);
}

/* Each reason why a link or code can't be used; all must read alike, byte by byte, after the same work. */
static void no_refusal_tells_why(void **state)
{
    struct bench *b = *state;
    struct device *phone = device_create(), *other = device_create();
    char code[CODE_DIGITS + 1], wrong[CODE_DIGITS + 1], path[128], *first = NULL;
    schedule(b);
    struct handed early = invite(b, "{\"participation\":\"p-1\",\"deliver\":false,\"not_before\":1790000200}");
    struct handed revoked = invite(b, "{\"participation\":\"p-3\",\"deliver\":false}");
    snprintf(path, sizeof path, "/api/v1/invitations/%s", said(b, "id"));
    assert_int_equal(ask(b, "DELETE", path, NULL), 204);
    struct handed good = invite(b, FOR_SAM(",\"deliver\":false,\"expires\":1790000500"));
    strcpy(code, receive_code(b, phone, good.token));
    strcpy(wrong, code);
    wrong[5] = wrong[5] == '9' ? '0' : (char)(wrong[5] + 1);
    struct id bound;
    assert_int_equal(give_code(b, other, good.token, code), 200); /* so that its thumbprint is known */
    bound = claims_said(b).device;
    bench_wait(b, CODE_AGAIN_S);
    strcpy(code, receive_code(b, phone, good.token));

    enum reason { PLAIN, REMOVED, DEVICE_REMOVED, NOT_PLANNED, OVER };
    const struct {
        const char *token, *code; /* no code: at the first door */
        const struct device *device;
        enum reason reason;
    } refusals[] = {
        { "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NULL, phone, PLAIN }, /* unknown */
        { "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "123456", phone, PLAIN },
        { "", NULL, phone, PLAIN }, /* malformed */
        { "?", "123456", phone, PLAIN },
        { early.token, NULL, phone, PLAIN },
        { early.token, "123456", phone, PLAIN },
        { revoked.token, NULL, phone, PLAIN },
        { revoked.token, "123456", phone, PLAIN },
        { good.token, wrong, phone, PLAIN },
        { good.token, "", phone, PLAIN },
        { good.token, NULL, phone, REMOVED },
        { good.token, code, phone, REMOVED },
        { good.token, NULL, other, DEVICE_REMOVED },
        { good.token, code, other, DEVICE_REMOVED },
        { good.token, NULL, phone, NOT_PLANNED },
        { good.token, code, phone, NOT_PLANNED },
        { good.token, NULL, other, OVER }, /* from here on, as time goes on */
        { good.token, code, phone, OVER },
    };
    bench_lookups(b);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (refusals[i].reason == OVER)
            b->now.unix_us = (int64_t)1790000500 * (int64_t)USEC_PER_SEC;
        if (refusals[i].reason == REMOVED)
            strcpy(b->denied_participation.text, "p-2");
        if (refusals[i].reason == DEVICE_REMOVED)
            b->denied_device = bound;
        if (refusals[i].reason == NOT_PLANNED)
            assert_int_equal(
                ask(b, "PUT", "/api/v1/sessions/s-1",
                    "{\"kind\":\"individual\",\"opens_at\":1790000100,\"closes_at\":1790003000,\"client\":\"alex\","
                    "\"people\":[{\"participation\":\"p-1\",\"person\":\"alex\",\"role\":\"client\",\"name\":\"A\"}]}"),
                200);
        bench_lookups(b);
        int status = refusals[i].code ? give_code(b, refusals[i].device, refusals[i].token, refusals[i].code)
                                      : open_door(b, refusals[i].device, refusals[i].token);
        size_t lookups = bench_lookups(b);
        if (status != 404 || lookups != 2)
            fail_msg("refusal %zu: %d after %zu lookups", i, status, lookups);
        assert_false(b->effects->has_delivery);
        assert_string_equal(b->response.content_type, "application/problem+json");
        assert_true(!*b->response.location && !*b->response.allow);
        first = first ? first : strdup(b->response.body);
        assert_string_equal(b->response.body, first);
        b->denied_participation = b->denied_device = (struct id){ 0 };
        if (refusals[i].reason == NOT_PLANNED)
            schedule(b);
    }
    free(first);
    device_destroy(phone);
    device_destroy(other);
}

static void a_full_disk_sends_no_code_and_lets_nobody_guess(void **state)
{
    struct bench *b = *state;
    struct device *phone = device_create();
    char code[CODE_DIGITS + 1];
    schedule(b);
    struct handed link = invite(b, FOR_SAM(",\"deliver\":false"));
    b->real->ops = &b->full;
    assert_int_equal(open_door(b, phone, link.token), 503);
    assert_false(b->effects->has_delivery || b->effects->has_code);
    b->real->ops = b->real_ops;
    strcpy(code, receive_code(b, phone, link.token));
    b->real->ops = &b->full;
    assert_int_equal(give_code(b, phone, link.token, code), 503);
    assert_int_equal(give_code(b, phone, link.token, "x"), 503);
    assert_false(b->effects->has_code);
    b->real->ops = b->real_ops;
    assert_int_equal(give_code(b, phone, link.token, code), 200);
    device_destroy(phone);
}

static int prove_with(struct bench *b, const struct device *device, const char *url, const char *token,
                      const char *change)
{
    char body[128];
    char *proof = device_prove(device, url, token, change);
    snprintf(body, sizeof body, "{\"invitation\":\"%s\"}", token);
    b->proof = proof;
    int status = ask(b, "POST", "/join/open", body);
    free(proof);
    b->proof = "";
    return status;
}

static void a_proof_speaks_of_this_door_and_this_link(void **state)
{
    struct bench *b = *state;
    struct device *phone = device_create();
    const char *door = "https://rooms.example/join/open";
    schedule(b);
    struct handed link = invite(b, FOR_SAM(",\"deliver\":false"));
    assert_int_equal(prove_with(b, phone, "https://rooms.example/join/code", link.token, NULL), 400);
    assert_says(b, "problem:bad_proof");
    assert_int_equal(prove_with(b, phone, door, link.token, "{\"ath\":\"x\"}"), 400);
    assert_int_equal(prove_with(b, phone, door, link.token, "{\"iat\":1789999000}"), 400);
    assert_int_equal(prove_with(b, phone, door, link.token, "{\"htm\":\"GET\"}"), 400);
    assert_int_equal(ask(b, "POST", "/join/open", "{\"invitation\":\"x\"}"), 400);
    assert_false(b->effects->has_delivery);

    b->origin = "https://evil.example";
    assert_int_equal(prove_with(b, phone, "https://evil.example/join/open", link.token, NULL), 403);
    b->origin = "https://call.example";
    assert_int_equal(prove_with(b, phone, door, link.token, NULL), 400);
    assert_int_equal(prove_with(b, phone, "https://call.example/join/open", link.token, NULL), 200);
    device_destroy(phone);
}

static void what_the_door_does_not_understand(void **state)
{
    struct bench *b = *state;
    static const char *const bodies[] = { "{}", "{\"invitation\":1}", "{\"invitation\":\"x\",\"more\":1}" };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        assert_int_equal(ask(b, "POST", "/join/open", bodies[i]), 422);
        assert_int_equal(ask(b, "POST", "/join/code", bodies[i]), 422);
    }
    assert_int_equal(ask(b, "POST", "/join/open", "x"), 400);
    assert_int_equal(ask(b, "GET", "/join/open", NULL), 405);
    assert_string_equal(b->response.allow, "POST");
}

/* Nothing that is answered at the door is kept: it holds what lets people in. */
static void the_door_knows_no_idempotency_key(void **state)
{
    struct bench *b = *state;
    struct device *phone = device_create();
    char code[CODE_DIGITS + 1];
    struct store_reply kept;
    schedule(b);
    struct handed link = invite(b, FOR_SAM(",\"deliver\":false"));
    strcpy(code, receive_code(b, phone, link.token));
    b->key = "same";
    assert_int_equal(give_code(b, phone, link.token, code), 200);
    assert_false(bench_holds(b, said(b, "token")));
    bench_wait(b, 1);
    assert_int_equal(open_door(b, phone, link.token), 200);
    uint8_t none[STORE_HASH_LEN] = { 0 };
    assert_int_equal(b->real->ops->reply_get(b->real, none, &kept), ERR_UNKNOWN);
    device_destroy(phone);
}

static void a_link_without_an_end_moves_with_its_session(void **state)
{
    struct bench *b = *state;
    struct device *phone = device_create();
    schedule(b);
    struct handed link = invite(b, FOR_SAM(",\"deliver\":false"));
    char code[CODE_DIGITS + 1];
    strcpy(code, receive_code(b, phone, link.token));
    assert_int_equal(give_code(b, phone, link.token, code), 200);
    assert_int_equal(claims_said(b).expires, 1790006600);
    const char *later = "{\"kind\":\"individual\",\"opens_at\":1790100000,\"closes_at\":1790103000,\"client\":\"alex\","
                        "\"people\":[{\"participation\":\"p-2\",\"person\":\"sam\",\"role\":\"loved_one\","
                        "\"name\":\"Sam\"}]}";
    assert_int_equal(ask(b, "PUT", "/api/v1/sessions/s-1", later), 200);
    bench_wait(b, 100000);
    assert_int_equal(open_door(b, phone, link.token), 200);
    assert_int_equal(claims_said(b).expires, 1790106600);
    bench_wait(b, 6599);
    assert_int_equal(open_door(b, phone, link.token), 200);
    bench_wait(b, 1);
    assert_int_equal(open_door(b, phone, link.token), 404);
    device_destroy(phone);
}

static void what_the_door_gives_ends_with_the_invitation(void **state)
{
    struct bench *b = *state;
    struct device *phone = device_create();
    schedule(b);
    struct handed link = invite(b, FOR_SAM(",\"deliver\":false,\"expires\":1790000500"));
    char code[CODE_DIGITS + 1];
    strcpy(code, receive_code(b, phone, link.token));
    assert_int_equal(give_code(b, phone, link.token, code), 200);
    assert_int_equal(claims_said(b).expires, 1790000500);
    device_destroy(phone);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_link_is_handed_over_once_and_stored_nowhere),
        TEST(a_link_that_is_delivered_is_in_no_answer),
        TEST(what_a_contact_may_be),
        TEST(what_cannot_be_asked_for),
        TEST(a_new_invitation_ends_the_one_before),
        TEST(the_same_key_invites_once_and_hands_over_another_link),
        TEST(an_old_key_never_leads_to_somebody_elses_link),
        TEST(sending_anew_and_revoking),
        TEST(a_link_that_nothing_would_deliver_is_refused),
        TEST(a_full_disk_invites_nobody),
        TEST(a_code_binds_a_device_and_no_other),
        TEST(a_wrong_code_is_told_to_the_therapist_and_to_nobody_else),
        TEST(a_device_that_is_bound_is_not_shut_out),
        TEST(an_hour_has_so_many_codes_and_the_last_stays_good),
        TEST(no_refusal_tells_why),
        TEST(a_full_disk_sends_no_code_and_lets_nobody_guess),
        TEST(a_proof_speaks_of_this_door_and_this_link),
        TEST(what_the_door_does_not_understand),
        TEST(the_door_knows_no_idempotency_key),
        TEST(a_link_without_an_end_moves_with_its_session),
        TEST(what_the_door_gives_ends_with_the_invitation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
