/* What becomes of a server's certificate, one server for each, all of one nginx. */
#include "peers.h"

static const char *url_at(const char *host, const char *name)
{
    static char room[256];
    snprintf(room, sizeof room, "https://%s:%d/hello.txt", host, peer_port(name));
    return room;
}

static httpx_code answer_to(httpx_client_builder *builder, const char *url)
{
    httpx_client *client = build(builder);
    httpx_response *response = NULL;
    httpx_code code = try_get(client, url, &response);
    if (response != NULL)
        check_file(response, "hello.txt");
    httpx_response_free(response);
    httpx_client_free(client);
    return code;
}

#define ACCEPTED(host, name) GIVES(answer_to(peer_builder(), url_at(host, name)), HTTPX_OK)
#define REFUSED(host, name, code) GIVES(answer_to(peer_builder(), url_at(host, name)), code)

/* Names that no resolver knows. */
static httpx_code answer_to_name(const char *host, const char *name)
{
    httpx_client_builder *builder = peer_builder();
    MUST(httpx_client_builder_resolve(builder, host, strlen(host), (uint32_t)peer_port(name), "127.0.0.1", 9, &err));
    return answer_to(builder, url_at(host, name));
}

static void keys_of_both_kinds(void)
{
    ACCEPTED("localhost", "server");
    ACCEPTED("127.0.0.1", "server");
    ACCEPTED("localhost", "server-rsa");
    ACCEPTED("localhost", "issued-by-root");
}

static void versions_of_tls(void)
{
    ACCEPTED("localhost", "tls1.2");
    FAILS(answer_to(peer_builder(), url_at("localhost", "tls1.1")), HTTPX_E_TLS);
}

static void expired(void)
{
    REFUSED("localhost", "expired", HTTPX_E_CERTIFICATE_EXPIRED);
}

static void not_yet_valid(void)
{
    REFUSED("localhost", "not-yet-valid", HTTPX_E_CERTIFICATE_NOT_YET_VALID);
}

static void for_another_host(void)
{
    REFUSED("localhost", "wrong-host", HTTPX_E_CERTIFICATE_HOSTNAME_MISMATCH);
    REFUSED("127.0.0.1", "wrong-host", HTTPX_E_CERTIFICATE_HOSTNAME_MISMATCH);
}

/* The subject's common name is "localhost". */
static void the_common_name_is_no_name(void)
{
    REFUSED("localhost", "no-san", HTTPX_E_CERTIFICATE_HOSTNAME_MISMATCH);
}

static void for_an_address(void)
{
    ACCEPTED("127.0.0.1", "ip-san");
    REFUSED("localhost", "ip-san", HTTPX_E_CERTIFICATE_HOSTNAME_MISMATCH);
}

static void a_wildcard_is_one_label(void)
{
    GIVES(answer_to_name("a.peers.example", "wildcard"), HTTPX_OK);
    GIVES(answer_to_name("a.b.peers.example", "wildcard"), HTTPX_E_CERTIFICATE_HOSTNAME_MISMATCH);
    GIVES(answer_to_name("peers.example", "wildcard"), HTTPX_E_CERTIFICATE_HOSTNAME_MISMATCH);
}

static void self_signed(void)
{
    REFUSED("localhost", "self-signed", HTTPX_E_CERTIFICATE_SELF_SIGNED);
    REFUSED("localhost", "self-signed-leaf", HTTPX_E_CERTIFICATE_SELF_SIGNED);
}

static void trusting(const char *name)
{
    char file[128];
    httpx_client_builder *builder = new_builder();
    snprintf(file, sizeof file, "%s.pem", name);
    const char *path = certificate(file);
    MUST(httpx_client_builder_ca_file(builder, path, strlen(path), &err));
    GIVES(answer_to(builder, url_at("localhost", name)), HTTPX_OK);
}

/* What everybody does with the certificate of a development server. */
static void self_signed_and_trusted_as_it_is(void)
{
    trusting("self-signed");
    trusting("self-signed-leaf");
}

static void an_unknown_authority(void)
{
    REFUSED("localhost", "untrusted-root", HTTPX_E_CERTIFICATE_UNTRUSTED);
}

static void a_missing_intermediate(void)
{
    REFUSED("localhost", "missing-intermediate", HTTPX_E_CERTIFICATE_UNTRUSTED);
    httpx_client_builder *builder = peer_builder();
    const char *intermediate = certificate("intermediate.pem");
    MUST(httpx_client_builder_ca_file(builder, intermediate, strlen(intermediate), &err));
    GIVES(answer_to(builder, url_at("localhost", "missing-intermediate")), HTTPX_OK);
}

static void a_weak_key(void)
{
    FAILS(answer_to(peer_builder(), url_at("localhost", "weak-rsa")), HTTPX_E_TLS);
}

static void without_verification_anything_goes(void)
{
    static const char *const names[] = {"expired",     "not-yet-valid",  "wrong-host",          "no-san",
                                        "self-signed", "untrusted-root", "missing-intermediate"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        httpx_client_builder *builder = new_builder();
        MUST(httpx_client_builder_verify(builder, 0, &err));
        GIVES(answer_to(builder, url_at("localhost", names[i])), HTTPX_OK);
    }
}

static const test_case tests[] = {
    TEST(keys_of_both_kinds),
    TEST(versions_of_tls),
    TEST(expired),
    TEST(not_yet_valid),
    TEST(for_another_host),
    TEST(the_common_name_is_no_name),
    TEST(for_an_address),
    TEST(a_wildcard_is_one_label),
    TEST(self_signed),
    TEST(self_signed_and_trusted_as_it_is),
    TEST(an_unknown_authority),
    TEST(a_missing_intermediate),
    TEST(a_weak_key),
    TEST(without_verification_anything_goes),
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return run_tests(argc, argv, tests);
}
