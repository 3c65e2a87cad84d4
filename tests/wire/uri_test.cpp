#include "msrp/uri.hpp"

#include <gtest/gtest.h>

#include <string>

namespace msrp {
namespace {

UriView uri(std::string_view text) {
  const Result<UriView> parsed = UriView::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(UriView{});
}

bool refused(std::string_view text) {
  const Result<UriView> parsed = UriView::parse(text);
  if (parsed) return false;
  EXPECT_EQ(parsed.error().code, Errc::bad_uri) << text;
  EXPECT_LE(parsed.error().offset, text.size()) << text;
  return true;
}

bool same(std::string_view a, std::string_view b) {
  const UriView one = uri(a);
  const UriView other = uri(b);
  const bool equal = equivalent(one, other);
  EXPECT_EQ(equivalent(other, one), equal) << a << " " << b;
  EXPECT_TRUE(equivalent(one, one) && equivalent(other, other)) << a << " " << b;
  if (equal) {
    EXPECT_EQ(hash(one), hash(other)) << a << " " << b;
  }
  return equal;
}

// R4975-6-1, R4975-6-2, R4975-6-9, R4975-9-34
TEST(Uri, EveryPart) {
  const std::string text = "msrps://alice;x@relay.example.com:2855/s.e-s~_s+i=o/n;tcp;a;b=c";
  const UriView view = uri(text);
  EXPECT_EQ(view.text, text);
  EXPECT_TRUE(view.secure);
  EXPECT_EQ(view.userinfo, "alice;x");
  EXPECT_EQ(view.host, "relay.example.com");
  EXPECT_FALSE(view.host_is_ipv6);
  EXPECT_FALSE(view.host_is_address());
  EXPECT_EQ(view.port, 2855);
  EXPECT_EQ(view.session_id, "s.e-s~_s+i=o/n");
  EXPECT_EQ(view.transport, "tcp");
  EXPECT_EQ(view.parameters, "a;b=c");
}

// R4975-6-5
TEST(Uri, TheFewestParts) {
  const UriView view = uri("msrp://a;tcp");
  EXPECT_FALSE(view.secure);
  EXPECT_EQ(view.userinfo, "");
  EXPECT_EQ(view.host, "a");
  EXPECT_EQ(view.port, std::nullopt);
  EXPECT_EQ(view.session_id, "");
  EXPECT_EQ(view.transport, "tcp");
  EXPECT_EQ(view.parameters, "");
}

// R4975-9-34
TEST(Uri, Literals) {
  const UriView v6 = uri("msrp://[2001:DB8::1]:9/s;tcp");
  EXPECT_EQ(v6.host, "2001:DB8::1");
  EXPECT_TRUE(v6.host_is_ipv6 && v6.host_is_address());
  EXPECT_EQ(v6.port, 9);
  EXPECT_TRUE(uri("msrp://192.0.2.1:1/s;tcp").host_is_address());
  EXPECT_FALSE(uri("msrp://192.0.2.256:1/s;tcp").host_is_address()) << "a name of the grammar";
  EXPECT_FALSE(uri("msrp://192.0.2.1.:1/s;tcp").host_is_address());
  EXPECT_EQ(uri("msrp://[v1.fe:x]:1/s;tcp").host, "v1.fe:x");
  for (const char* bad :
       {"msrp://2001:db8::1:9/s;tcp", "msrp://[2001:db8::1/s;tcp", "msrp://[2001:db8::1]9/s;tcp",
        "msrp://[]:1/s;tcp", "msrp://[192.0.2.1]:1/s;tcp", "msrp://[fe80::1%25eth0]:1/s;tcp",
        "msrp://[v.x]:1/s;tcp", "msrp://[v1.]:1/s;tcp", "msrp://[vg.x]:1/s;tcp",
        "msrp://x[::1]:1/s;tcp"}) {
    EXPECT_TRUE(refused(bad)) << bad;
  }
}

// R4975-6-4
TEST(Uri, AnAddressHasAPort) {
  EXPECT_TRUE(refused("msrp://192.0.2.1/s;tcp"));
  EXPECT_TRUE(refused("msrp://[2001:db8::1]/s;tcp"));
  EXPECT_TRUE(refused("msrp://[v1.x]/s;tcp"));
  EXPECT_FALSE(refused("msrp://example.com/s;tcp"));
}

TEST(Uri, Ports) {
  EXPECT_EQ(uri("msrp://a:0/s;tcp").port, 0);
  EXPECT_EQ(uri("msrp://a:65535/s;tcp").port, 65535);
  EXPECT_EQ(uri("msrp://a:000000000002855/s;tcp").port, 2855);
  for (const char* bad :
       {"msrp://a:/s;tcp", "msrp://a:65536/s;tcp", "msrp://a:99999999999/s;tcp",
        "msrp://a:-1/s;tcp", "msrp://a:+1/s;tcp", "msrp://a: 1/s;tcp", "msrp://a:1x/s;tcp",
        "msrp://a:1:2/s;tcp", "msrp://a:18446744073709551617/s;tcp"}) {
    EXPECT_TRUE(refused(bad)) << bad;
  }
}

// R4975-6-3, R4975-9-33, A-12, A-37
TEST(Uri, TransportAndParameters) {
  EXPECT_EQ(uri("msrp://a:1/s;ws").transport, "ws");
  EXPECT_EQ(uri("msrp://a:1/s;TCP").transport, "TCP");
  EXPECT_EQ(uri("msrp://a:1/s;x9").transport, "x9");
  EXPECT_EQ(uri("msrp://a:1/s;tcp;!#$%&'*+-.^_`{|}~=v;w").parameters, "!#$%&'*+-.^_`{|}~=v;w");
  for (const char* bad : {"msrp://a:1/s", "msrp://a:1/s;", "msrp://a:1/s;;tcp", "msrp://a:1/s;t-cp",
                          "msrp://a:1/s;tcp;", "msrp://a:1/s;tcp;=v", "msrp://a:1/s;tcp;n=",
                          "msrp://a:1/s;tcp;n=v=w", "msrp://a:1/s;tcp;n=\"v\"",
                          "msrp://a:1/s;tcp;a b", "msrp://a:1/s;tcp ", "msrp://a:1/s;tcp/"}) {
    EXPECT_TRUE(refused(bad)) << bad;
  }
}

// R4975-9-31, R4975-9-32
TEST(Uri, SessionIds) {
  EXPECT_EQ(uri("msrp://a:1//;tcp").session_id, "/");
  EXPECT_EQ(uri("msrp://a:1/s/../t;tcp").session_id, "s/../t");
  for (const char* bad :
       {"msrp://a:1/;tcp", "msrp://a:1/s%41;tcp", "msrp://a:1/s?x;tcp", "msrp://a:1/s#x;tcp",
        "msrp://a:1/s@b;tcp", "msrp://a:1/%s%n%p;tcp", "msrp://a:1/s:x;tcp", "msrp://a:1/s x;tcp",
        "msrp://a:1/s\\;tcp", "msrp://a:1/s\r\n;tcp", "msrp://a:1/s%0d%0a;tcp"}) {
    EXPECT_TRUE(refused(bad)) << bad;
  }
}

// R4975-9-35, A-75
TEST(Uri, UserinfoAndSemicolons) {
  EXPECT_EQ(uri("msrp://a;b@c:1/s;tcp").host, "c");
  EXPECT_EQ(uri("msrp://a:b@c:1/s;tcp").userinfo, "a:b");
  EXPECT_EQ(uri("msrp://a%40b@c:1/s;tcp").userinfo, "a%40b");
  EXPECT_EQ(uri("msrp://host;tcp").transport, "tcp") << "\";\" behind the host begins parameters";
  for (const char* bad :
       {"msrp://a@b@c:1/s;tcp", "msrp://a;tcp@", "msrp://a:1/s;tcp@b", "msrp://a%4@c:1/s;tcp",
        "msrp://a%4g@c:1/s;tcp", "msrp://a[@c:1/s;tcp", "msrp://a b@c:1/s;tcp"}) {
    EXPECT_TRUE(refused(bad)) << bad;
  }
}

// R4975-6-11
TEST(Uri, WhatIsNone) {
  for (const char* bad : {"",
                          "msrp",
                          "msrp:",
                          "msrp:/",
                          "msrp://",
                          "msrp:///s;tcp",
                          "msrp://;tcp",
                          "msrp://:1/s;tcp",
                          "http://a:1/s;tcp",
                          "msrpx://a:1/s;tcp",
                          "msrpss://a:1/s;tcp",
                          " msrp://a:1/s;tcp",
                          "msrp ://a:1/s;tcp",
                          "msrp:a:1/s;tcp",
                          "msrp://a%:1/s;tcp",
                          "msrp://a%4/s;tcp",
                          "msrp://a?b:1/s;tcp",
                          "msrp://a#b:1/s;tcp",
                          "msrp://a\tb:1/s;tcp",
                          "msrp://\xc3\xbc:1/s;tcp",
                          "msrp://a:1/\xc3\xbc;tcp",
                          "msrp://a:1/s;tcp\xc3\xbc",
                          "msrp://a:1/s;tcp\r\nX: y"}) {
    EXPECT_TRUE(refused(bad)) << bad;
  }
  EXPECT_TRUE(refused(std::string_view("msrp://a:1/s;tcp\0", 17)));
  EXPECT_TRUE(refused(std::string_view("msrp://a\0:1/s;tcp", 17)));
}

TEST(Uri, TheOffsetIsThatOfTheOffendingOctet) {
  const auto offset_of = [](std::string_view text) { return UriView::parse(text).error().offset; };
  EXPECT_EQ(offset_of("http://a:1/s;tcp"), 0U);
  EXPECT_EQ(offset_of("msrp://a b:1/s;tcp"), 8U);
  EXPECT_EQ(offset_of("msrp://a:1/s?;tcp"), 12U);
  EXPECT_EQ(offset_of("msrp://a:1/s;tcp;a=b c"), 20U);
}

// R4975-6.1-1
TEST(UriComparison, Scheme) {
  EXPECT_TRUE(same("msrp://a:1/s;tcp", "MsRp://a:1/s;tcp"));
  EXPECT_TRUE(same("msrps://a:1/s;tcp", "MSRPS://a:1/s;tcp"));
  EXPECT_FALSE(same("msrp://a:1/s;tcp", "msrps://a:1/s;tcp"));
}

// R4975-6.1-2
TEST(UriComparison, AddressesAndPorts) {
  EXPECT_TRUE(same("msrp://[2001:db8::1]:1/s;tcp", "msrp://[2001:0DB8:0:0:0:0:0:1]:01/s;tcp"));
  EXPECT_TRUE(same("msrp://[::ffff:192.0.2.1]:1/s;tcp", "msrp://[::FFFF:c000:201]:1/s;tcp"));
  EXPECT_FALSE(same("msrp://[2001:db8::1]:1/s;tcp", "msrp://[2001:db8::2]:1/s;tcp"));
  EXPECT_FALSE(same("msrp://[::ffff:192.0.2.1]:1/s;tcp", "msrp://192.0.2.1:1/s;tcp"));
  EXPECT_FALSE(same("msrp://192.0.2.1:1/s;tcp", "msrp://192.0.2.2:1/s;tcp"));
  EXPECT_FALSE(same("msrp://192.0.2.1:1/s;tcp", "msrp://192.0.2.1:2/s;tcp"));
  EXPECT_TRUE(same("msrp://[V1.aB]:1/s;tcp", "msrp://[v1.Ab]:1/s;tcp"));
  EXPECT_FALSE(same("msrp://[v1.ab]:1/s;tcp", "msrp://v1.ab:1/s;tcp"));
}

// R4975-6.1-3
TEST(UriComparison, PercentEncodedUnreservedOctetsOfTheHost) {
  EXPECT_TRUE(same("msrp://%65xample.com:1/s;tcp", "msrp://example%2Ecom:1/s;tcp"));
  EXPECT_TRUE(same("msrp://%45x%7e:1/s;tcp", "msrp://ex~:1/s;tcp"));
  EXPECT_FALSE(same("msrp://a%26b:1/s;tcp", "msrp://a&b:1/s;tcp")) << "a reserved one stays";
  EXPECT_TRUE(same("msrp://a%2fb:1/s;tcp", "msrp://a%2Fb:1/s;tcp")) << "its digits have no case";
  EXPECT_TRUE(same("msrp://192.0.2%2E1:1/s;tcp", "msrp://192.0.2.1:1/s;tcp"));
  EXPECT_FALSE(same("msrp://a%2565:1/s;tcp", "msrp://ae:1/s;tcp")) << "decoded once";
}

// R4975-6.1-4, R4975-6.1-5, R4975-6.1-6
TEST(UriComparison, UserinfoNamesAndPorts) {
  EXPECT_TRUE(same("msrp://alice@a:1/s;tcp", "msrp://bob@a:1/s;tcp"));
  EXPECT_TRUE(same("msrp://alice@a:1/s;tcp", "msrp://a:1/s;tcp"));
  EXPECT_TRUE(same("msrp://EXAMPLE.com:1/s;tcp", "msrp://example.COM:1/s;tcp"));
  EXPECT_FALSE(same("msrp://example.com:1/s;tcp", "msrp://example.com.:1/s;tcp"));
  EXPECT_FALSE(same("msrp://a:2855/s;tcp", "msrp://a/s;tcp"));
  EXPECT_FALSE(same("msrp://a:0/s;tcp", "msrp://a/s;tcp"));
  EXPECT_TRUE(same("msrp://a/s;tcp", "msrp://A/s;tcp"));
}

// R4975-6.1-7, R4975-6.1-8, R4975-6.1-10, R4975-6-6
TEST(UriComparison, SessionIds) {
  EXPECT_FALSE(same("msrp://a:1/s;tcp", "msrp://a:1/S;tcp"));
  EXPECT_FALSE(same("msrp://a:1/s;tcp", "msrp://a:1;tcp"));
  EXPECT_TRUE(same("msrp://a:1;tcp", "msrp://A:1;tcp"));
  EXPECT_FALSE(same("msrp://a:1/s/../t;tcp", "msrp://a:1/t;tcp"));
  EXPECT_FALSE(same("msrp://a:1/s/;tcp", "msrp://a:1/s;tcp"));
  EXPECT_FALSE(same("msrp://a:1/s;tcp", "msrp://b:1/s;tcp"));
}

// R4975-6.1-9, R4975-6.1-11
TEST(UriComparison, TransportAndParameters) {
  EXPECT_FALSE(same("msrp://a:1/s;tcp", "msrp://a:1/s;ws"));
  EXPECT_TRUE(same("msrp://a:1/s;tcp", "msrp://a:1/s;TcP"));
  EXPECT_TRUE(same("msrp://a:1/s;tcp;x=1", "msrp://a:1/s;tcp;y"));
}

// R4975-6-1, R4975-6-4, R4975-6-10
TEST(OwnedUri, MakePrintsCanonicalText) {
  const auto made = [](const UriParts& parts) {
    const Result<Uri> made_uri = Uri::make(parts);
    if (made_uri) return std::string(made_uri->text());
    EXPECT_EQ(made_uri.error().code, Errc::bad_uri);
    return std::string("refused");
  };
  EXPECT_EQ(made({.host = "a.example", .port = 2855, .session_id = "s1"}),
            "msrp://a.example:2855/s1;tcp");
  EXPECT_EQ(made({.secure = true, .host = "a.example", .session_id = "s1", .transport = "ws"}),
            "msrps://a.example/s1;ws");
  EXPECT_EQ(made({.host = "2001:db8::1", .port = 9}), "msrp://[2001:db8::1]:9;tcp");
  EXPECT_EQ(made({.host = "192.0.2.1", .port = 0, .session_id = "s"}), "msrp://192.0.2.1:0/s;tcp");
  EXPECT_EQ(made({.host = "192.0.2.1", .session_id = "s"}), "refused");
  EXPECT_EQ(made({.host = "2001:db8::1", .session_id = "s"}), "refused");
  EXPECT_EQ(made({.host = "", .port = 1, .session_id = "s"}), "refused");
  for (const char* bad :
       {"a b", "a/b", "a;b", "alice@a", "a:b@c", "a\r\nb", "a?", "[::1]", "a:1"}) {
    EXPECT_EQ(made({.host = bad, .port = 1, .session_id = "s"}), "refused") << bad;
  }
  for (const char* bad : {"s t", "s;t", "s%41", "s\r\n", "s?", "s@h", "\xc3\xbc"}) {
    EXPECT_EQ(made({.host = "a", .port = 1, .session_id = bad}), "refused") << bad;
  }
  for (const char* bad : {"", "t-cp", "tcp;x", "tcp x", "tcp\r\n"}) {
    EXPECT_EQ(made({.host = "a", .port = 1, .session_id = "s", .transport = bad}), "refused")
        << bad;
  }
}

TEST(OwnedUri, ParseKeepsTheText) {
  const std::string text = "MSRP://alice@A:01/s;TCP;x";
  const Result<Uri> owned = Uri::parse(text);
  ASSERT_TRUE(owned);
  EXPECT_EQ(owned->text(), text);
  const Uri copy = *owned;
  EXPECT_EQ(copy.view().text.data(), copy.text().data()) << "views are into the copy";
  EXPECT_EQ(copy, *owned);
  EXPECT_EQ(*owned, Uri::parse("msrp://a:1/s;tcp").value());
  EXPECT_FALSE(*owned == Uri::parse("msrp://a:1/t;tcp").value());
  EXPECT_EQ(Uri::parse("msrp://a:1/s").error().code, Errc::bad_uri);
}

// R4975-3-2
TEST(Redacted, HidesTheSessionIdAndTheUser) {
  const std::string shown = redacted(uri("msrps://alice:pw@[2001:db8::1]:2855/secret;tcp;x=1"));
  EXPECT_EQ(shown.find("secret"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("alice"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("pw"), std::string::npos) << shown;
  EXPECT_NE(shown.find("***"), std::string::npos) << shown;
  EXPECT_NE(shown.find("[2001:db8::1]:2855"), std::string::npos) << shown;
  EXPECT_EQ(shown.substr(0, 8), "msrps://");
}

}  // namespace
}  // namespace msrp
