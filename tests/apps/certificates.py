"""Self-signed certificates for the tests, good for a hundred years, and secret to nobody."""
import hashlib
import os
import ssl

from harness import write

# For 127.0.0.1.
RECEIVER = """\
-----BEGIN CERTIFICATE-----
MIIBVzCB/6ADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCW1zcnAgdGVz
dDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJ
bXNycCB0ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEj1W0JfzaOW2mzqSR
icaw2EHJlQaWh0zGGtzXDDSzNjc1GsLIEFLsnS+BihZf+oZq5Fg3cfg7XD1nJZjz
rf4RGqNAMD4wDwYDVR0RBAgwBocEfwAAATAMBgNVHRMBAf8EAjAAMB0GA1UdDgQW
BBTB4XuaALc25kjW78AYNdOdgBgSqjAKBggqhkjOPQQDAgNHADBEAiBGCEVyt/g3
TpYJQorqbVbHnchRxO9CYN1iu3DfBC1eLQIgVJhumPb+KlErqsV1JAQIMEUm5z7z
P6hKJacO2JfDBC4=
-----END CERTIFICATE-----
"""
RECEIVER_KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg627ZgnhHLGe3Oxxm
ngUE/cxTboVP9WeJhs7kCge0sRehRANCAASPVbQl/No5babOpJGJxrDYQcmVBpaH
TMYa3NcMNLM2NzUawsgQUuydL4GKFl/6hmrkWDdx+DtcPWclmPOt/hEa
-----END PRIVATE KEY-----
"""
# For sip:sender@example.org.
SENDER = """\
-----BEGIN CERTIFICATE-----
MIIBazCCARGgAwIBAgIBAjAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAltc3JwIHRl
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CW1zcnAgdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBMusJAwFJ18leYw
MdEkWIhns619N5uhWy+dm8z+LitMiWADvt2+vVYl5FZ4nUgHy8tlMl90PRfHKHKH
5isDBqajUjBQMCEGA1UdEQQaMBiGFnNpcDpzZW5kZXJAZXhhbXBsZS5vcmcwDAYD
VR0TAQH/BAIwADAdBgNVHQ4EFgQUwdpFW48YIG+qqloZzfNoulYRMSUwCgYIKoZI
zj0EAwIDSAAwRQIgIZZoz+nW053tLgKX/2xLVAgigIR1rl1BvUJnyQ+L6qACIQDb
430QmSfEezYAM5jf1u2WvJIM1Pv67lu6ALYfSwlisw==
-----END CERTIFICATE-----
"""
SENDER_KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgqSvc+71C9ZtrNYXz
+Emun+8lfVigEgc6kfRIA7kkIiKhRANCAAQTLrCQMBSdfJXmMDHRJFiIZ7OtfTeb
oVsvnZvM/i4rTIlgA77dvr1WJeRWeJ1IB8vLZTJfdD0Xxyhyh+YrAwam
-----END PRIVATE KEY-----
"""


def fingerprint_of(pem):
    """As in a=fingerprint, by SHA-256 (RFC 8122 section 5)."""
    return "sha-256 " + hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest().hex(":").upper()


def put(folder, name, certificate, key):
    """Writes both as files; returns the options that name them."""
    files = [write(os.path.join(folder, name + ending), text.encode())
             for ending, text in ((".pem", certificate), (".key", key))]
    return ["--cert", files[0], "--key", files[1]]
