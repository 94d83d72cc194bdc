#!/usr/bin/env python3
"""Makes the seed corpora in tests/fuzz/corpus from data of the repository and from synthetic values.

Usage: tests/fuzz/seed.py      (after cmake --build --preset fuzz --target fuzz_seed)
"""
import json
import pathlib
import struct
import subprocess
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests/fuzz/corpus"
ENP = "9967940868000018"  # synthetic: region 99
FORMS = ["persons", "policies", "clinics", "doctors", "attachments", "volgograd-mo2", "penza-m2", "f003", "vologda-szpm",
         "karelia-attach", "ferzl-attach"]  # as `attachctl registry forms` lists them
XML_FILES = {"f003": "F003.xml", "vologda-szpm": "SZPM770001S77001_260301.xml", "karelia-attach": "ATTACH_DATA.xml",
             "ferzl-attach": "registerAttachRequest.xml"}


def put(target, name, data):
    path = CORPUS / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def services():
    subprocess.run([ROOT / "build/fuzz/tests/fuzz/fuzz_seed", CORPUS], check=True, env={"ASAN_OPTIONS": "detect_leaks=0"})


def json_bodies():
    put("json", "withdrawal", b"\x01" + b'{"source":"MOSRU","external_ref":"12-345"}')
    put("json", "types", b"\x14" + b'{"application_id":"a","status":3,"at_ms":"1778576400000","reasons":[{"code":"X"}],"counted":true}')
    put("json", "bytes", b"\x1e" + b'{"surname":"AAECAwQFBgc=","military":false}')
    put("json", "errors", b"\xff" + b'{"personal":{"surname":1},"sealed":null,"extra":[]}')


def http():
    known = uuid.uuid5(uuid.UUID("6f1d9c52-3c8e-5b1a-9d43-8a1f0c2e7b60"), "MOSRU/12-345")
    app = (CORPUS / "json/approved").read_bytes()[1:]
    post = b"POST /v1/applications\nContent-Type: application/json\n"
    key = b"Idempotency-Key: \"a-1\"\n"
    put("http", "submit", b"\0" + post + b"\n" + app)
    put("http", "again", b"\0" + post + key + b"\n" + app + b"\x1e" + post + key + b"\n" + app.replace(b"4500", b"4501") +
        b"\x1e" + post + key + b"\n" + app)
    put("http", "event", b"\0" + post + b"ce-specversion: 1.0\nce-type: ru.clinic.attach.application.submitted.v1\n"
        b"ce-id: e1\nce-source: /portal\nce-time: 2026-05-12T09:00:00Z\n\n" + app)
    put("http", "broken", b"\0" + post + b"\n" + b'{"personal":{"surname":7}}')
    put("http", "queue_full", b"\x08" + post + key + b"\n" + app)
    put("http", "not_acked", b"\x20" + post + key + b"\n" + app)
    put("http", "away", b"\x07" + post + key + b"\n" + app + b"\x1eGET /v1/clinics\n\n")
    put("http", "status", f"\0GET /v1/applications/{known}\nAccept: */*\n\n")
    put("http", "withdraw", f'\0POST /v1/applications/{known}/withdrawal\nContent-Type: application/json\n\n'
        '{"source":"SOURCE_MOSRU","external_ref":"12-345"}')
    put("http", "lookup", f"\0GET /v1/attachments?policy={ENP[:4]}+{ENP[4:]}&x=%41%zz\n\n")
    put("http", "lookup_body", '\0POST /v1/attachments/lookup\nContent-Type: application/json; charset=utf-8\n\n'
        f'{{"policy":"{ENP}"}}')
    put("http", "clinics", "\0GET /v1/clinics?region=RU-MOW&profile=adult_therapeutic&limit=1&cursor=770001&district=D\n\n")


def headers():
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    put("headers", "full", "\x01770001\ncontent-type:application/protobuf\nce_id:a/1\nce_time:2026-05-12T09:00:00.000Z\n"
        f"ce_source:/portal\nce_subject:s\ntraceparent:{trace}\n")
    put("headers", "structured", "\x01770001\ncontent-type:application/cloudevents+json; charset=UTF-8\n")
    withdrawal = {"source": "MOSRU", "external_ref": "12-345"}
    event = {"specversion": "1.0", "id": "e-1", "source": "/portal", "type": "ru.clinic.attach.application.withdrawal.v1",
             "subject": "11111111-2222-5333-8444-555555555555", "time": "2026-05-12T12:00:00+03:00", "traceparent": trace,
             "tracestate": "rojo=1", "expirytime": "2026-06-12T09:00:00Z", "datacontenttype": "application/json"}
    application = json.loads((CORPUS / "json/approved").read_bytes()[1:])
    submitted = {"type": "ru.clinic.attach.application.submitted.v1", "data": application}
    known = uuid.uuid5(uuid.UUID("6f1d9c52-3c8e-5b1a-9d43-8a1f0c2e7b60"), "MOSRU/12-345")
    structured = f"\x02{known}\ncontent-type:application/cloudevents+json; charset=UTF-8\n"
    hop = f"traceparent:{trace}\ntracestate:rojo=1,congo=2\n"
    for name, what in {"event": event | {"data": withdrawal}, "event_submitted": event | submitted,
                       "event_base64": event | {"data_base64": "CAESBjEyLTM0NQ==", "datacontenttype": "application/protobuf"},
                       "event_unknown": event | {"type": "no.such.type", "data": [None, True, {"a": 1.5}]},
                       "event_no_source": {k: v for k, v in (event | submitted).items() if k != "source"},
                       "event_bad_data": event | {"data": {"source": 99, "external_ref": ["x"]}},
                       "event_bad_time": event | {"time": "12.05.2026", "data": withdrawal}}.items():
        put("headers", name, structured + (hop if name == "event" else "") + "\n" + json.dumps(what, ensure_ascii=False))
    put("headers", "event_batch", structured.replace("+json", "-batch+json") + "\n" + json.dumps([event]))
    put("headers", "event_torn", structured + "\n" + json.dumps(event | submitted)[:300])
    put("headers", "carried", f"\x01770001\nce_traceparent:{trace}\n{hop}ce_source:/portal\nce_tracestate:a=1\nce_expirytime:2026-06-12T09:00:00Z\n")
    put("headers", "untyped", f"\x00{ENP}\nce_id:1\n")
    put("headers", "other_type", "\x0011111111-2222-5333-8444-555555555555\nce_type:ru.clinic.attach.capacity.cancel.v1\n")
    put("headers", "unknown_type", "\x00AAAAAAAAAAAAAAAA\nce_type:no.such.type\n")
    put("headers", "table", "\x01place/770001\nce_time:2026-05-12T12:00:00+03:00\ntraceparent:cc-" + trace[3:] + "-more\n")


def fields():
    for i, line in enumerate([f"{ENP}\n", "112-233-445 95\n", "+7 (999) 000-00-01\n", "anna@portal.example\n",
                              "Образцова-Ёлкина\nАнна\n", "d'Artagnan\nШарль\n", "000001\nIV-АБ\n", "123456\n45 00\n",
                              "990000001\n", "00000001\n99\n", "2026-02-28\n", "2026-05-12T09:00:00.5+03:00\n",
                              "6F1D9C52-3c8e-5b1a-9d43-8a1f0c2e7b60\n", "SOURCE_MOSRU\n", "Ｏбразец ﬁ\n", "12345678901234567890\n"]):
        put("fields", f"value-{i:02}", line)


def rules():
    put("rules", "small", "[federal]\nversion = 1\n[RU-MOW : federal]\nversion = 3\nregion = 77\n"
        "limit.window@2016-01-01 = CALENDAR_MONTH\nchannel.mosru.adult_dental.min_age = 18\n")
    put("rules", "loop", "[a : b]\nversion = 1\n[b : a]\nversion = 1\n")
    put("rules", "twice", "[a]\nversion = 1\n[a]\nversion = 2\n")
    put("rules", "bad_value", "[a]\nversion = 1\nlimit.window = SOMETIMES\n")
    for name in ("federal", "RU-MOW", "RU-MOS"):
        put("rules", name, (ROOT / f"deploy/rules/{name}.ini").read_bytes())


def calendars():
    for year in (2024, 2026):
        put("calendar", str(year), b"\x0a" + (ROOT / f"deploy/calendar/{year}.ini").read_bytes())
    put("calendar", "bad_day", "\x01[2026]\nholidays = 02-30\n")
    put("calendar", "not_ini", "\x00]]]\n=\n")


def inis():
    key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
    put("ini", "options", "\x00[store]\nurl = redis://127.0.0.1:6379/1\n[batch]\nmax_records = 200\n[tick]\nms = 5s\n"
        "[kafka]\nbootstrap.servers = 127.0.0.1:9092\n[smtp]\npassword_file = /dev/null\n")
    put("ini", "unknown", "\x00[store]\nulr = x\n")
    put("ini", "range", "\x00count = 9223372036854775807\n[batch]\nmax_records = 0\n")
    put("ini", "keyring", f"\x01[seal]\ncurrent = k1\nk1 = {key}\nk0 = {key}\n[pseudonym]\nkey = {key}\n"
        f"[deadletter]\nid = d1\npublic = {key}\n")
    put("ini", "short_key", f"\x01[seal]\ncurrent = k1\nk1 = {key[:40]}\n")
    put("ini", "no_current", f"\x01[seal]\nk1 = {key}\n")


def cstr(text):
    return text.encode() + b"\0"


def pdu(command, body=b"", status=0, seq=7):
    return struct.pack(">IIII", 16 + len(body), command, status, seq) + body


def deliver(text, tlvs=b"", esm_class=4):
    return pdu(5, cstr("") + b"\1\1" + cstr("79990000001") + b"\1\1" + cstr("Portal") + bytes([esm_class, 0, 0]) + cstr("") +
               cstr("") + bytes([0, 0, 0, 0, len(text)]) + text.encode() + tlvs)


def smpp():
    receipt = "id:0123456789 sub:001 dlvrd:001 submit date:2605120900 done date:2605120901 stat:DELIVRD err:000 text:"
    tlvs = struct.pack(">HH", 0x1E, 9) + cstr("1A2B3C4D") + struct.pack(">HHB", 0x427, 1, 2)
    put("smpp", "receipt", b"\0" + deliver(receipt))
    put("smpp", "receipt_tlv", b"\0" + deliver("", tlvs))
    put("smpp", "payload", b"\0" + deliver("", struct.pack(">HH", 0x424, len(receipt)) + receipt.encode()))
    put("smpp", "failed", b"\0" + deliver(receipt.replace("DELIVRD", "UNDELIV")))
    put("smpp", "incoming", b"\0" + deliver("STOP", esm_class=0))
    put("smpp", "session", b"\0" + pdu(0x80000009, cstr("smsc")) + pdu(0x15) + pdu(0x80000004, cstr("1a2b")) +
        pdu(0x80000004, status=0x14) + pdu(0x80000000, status=3) + pdu(6))
    put("smpp", "no_end", b"\0" + pdu(0x80000004, b"1" * 70))
    put("smpp", "bad_length", b"\0" + struct.pack(">IIII", 0x7FFFFFFF, 5, 0, 1))
    put("smpp", "text", "\x01Portal\n+79990000001\ntype\nВаше заявление принято. " + "Ответ придёт до 20.05.2026. " * 6)
    put("smpp", "latin", "\x03+79990000000\n+79990000001\n\n" + "Application accepted ^{}[]~|€ " * 9)
    put("smpp", "emoji", "\x05P\n+7\n\n" + "\U0001F600" * 80)


def texts():
    put("texts", "letter", "12-345\nПоликлиника № 1\nПервая причина\nАнна Синтетовна\n{{#salutation}}\n"
        "Здравствуйте, {{salutation}}!\n{{/salutation}}\nЗаявление {{application}}: {{clinic}}.\n{{#reasons}}{{reasons}}{{/reasons}}\n")
    put("texts", "json", '1\n"\\\n\t\n\x7f\n{"id":"{{application}}","text":"{{clinic}} {{reasons}}"}')
    put("texts", "open", "\n\n\n\n{{#clinic}}{{clinic")
    put("texts", "name", "Образцова, \"Анна\" <a@b>\nТема " + "очень длинная " * 12 + "\nx\ny\nтекст\n.\nещё\n")
    sample = ROOT / "deploy/templates/ru/N-06.email.txt"
    put("texts", "n06", b"1\n2\n3\n4\n" + sample.read_bytes().split(b"---\n", 1)[1].replace(b"application_id", b"application"))


def registry_file(name, form):
    data = (ROOT / "deploy/registries/example" / name).read_bytes()
    return bytes([FORMS.index(form)]) + data


def registers():
    own = {form: registry_file(f"{form}.csv", form) for form in FORMS[:5]}
    f003 = registry_file("F003.xml", "f003")
    volgograd = registry_file("MO2770001202603011.csv", "volgograd-mo2")
    put("registry", "own", b"\x1e".join(own[form] for form in ("clinics", "doctors", "attachments")))
    put("registry", "people", own["persons"] + b"\x1e" + own["policies"])
    put("registry", "f003_doctors", f003 + b"\x1e" + own["doctors"])
    put("registry", "volgograd", own["clinics"] + b"\x1e" + own["doctors"] + b"\x1e" + volgograd)
    put("registry", "guessed", b"\xff" + f003[1:])
    put("registry", "quotes", b'\x00policy_number;surname;name\n"99";"a ""b""";"c\nd"\n"open\n;;\n')
    put("registry", "penza", b"\x06" + ";".join(
        ["Прикреплен", "С"]).encode("cp1251") + b"\n1;2\n")
    for form, name in list(XML_FILES.items())[1:]:
        data = registry_file(name, form)
        put("registry", form, own["clinics"] + b"\x1e" + own["doctors"] + b"\x1e" + data)
        put("registry", form + "_bad", data.replace(ENP.encode(), ENP[:-1].encode() + b"9") + b"\x1e\xff" + data[1:])
    xml()


def xml():
    """Size of the pieces, number of the form among those in XML, text."""
    for i, name in enumerate(XML_FILES.values()):
        data = (ROOT / "deploy/registries/example" / name).read_bytes()
        for piece in (1, 63):
            put("xml", f"{name.split('.')[0].split('_2')[0]}-{piece}", bytes([piece - 1, i]) + data)
    put("xml", "cp1251", b"\x04\x00" + '<?xml version="1.0" encoding="windows-1251"?><packet><medCompany><mcod>770009</mcod>'
        "<nam_mop>Больница</nam_mop><tf_okato>45000</tf_okato></medCompany></packet>".encode("cp1251"))
    put("xml", "entity", '\x04\x00<!DOCTYPE p [<!ENTITY a "b&#38;">]><packet><medCompany><mcod>&a;&lt;1</mcod></medCompany></packet>')
    put("xml", "twice", "\x02\x02<ATTACH_DATA><ZGLV><CODE_MO>9</CODE_MO></ZGLV><PERS><FAM>А<b/></FAM><FAM/>?<X><FAM/></X></PERS>"
        "<!--c--><PERS/></ATTACH_DATA>")
    put("xml", "head", "\x02\x01<ZL_LIST><ZGLV><ZAP>2</ZAP><CODE_MO>99000&#49;</CODE_MO></ZGLV><PERS><IM><![CDATA[А]]></IM></PERS>"
        "<ZGLV/><PERS/></ZL_LIST>")


if __name__ == "__main__":
    services()
    for make in (json_bodies, http, headers, fields, rules, calendars, inis, smpp, texts, registers):
        make()
