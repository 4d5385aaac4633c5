//! The notation of packs: what is written short in a pack, and long in a detector.
//!
//! | written | where | stands for |
//! |---|---|---|
//! | `{{rep:TEXT:COUNT}}` | examples | TEXT that many times: keeps what looks like a token out of the source |
//! | `{{named:A\|B}}` | patterns | a name that starts a word, in any case (`A_KEY`, `my-a`), or a hump (`myA`) |
//! | `{{assigned}}` | patterns | what stands between a name and its value: `_KEY = "`, `.token: '`, ` is ` |
//! | `{{identifiers}}` | an exclusion's `named` | what orders, parcels, tickets, messages and devices are called by |
//!
//! **Invariant:** anything else in braces stays as it is.

/// Between a name and the value it is given, in source code, settings, JSON, command lines and sentences: the
/// rest of the name, words that such names go on with, and a sign or word that assigns. Any words would do as
/// well, since the value is checked; but in ordinary sentences they would take long to rule out.
const ASSIGNED: &str = concat!(
    r"(?i:[\w.-]{0,24}(?: (?:key|token|secret|passw|pwd|auth|cred|api|access|private|licen[cs]e|login|pat|",
    r"webhook|bearer|personal|client|app|account|service|admin|delivery|deploy|id|value)[\w.-]{0,10}){0,3}",
    r#"[\\\"'`]{0,3}\s{0,3}[ \t]{0,20}(?::\s?string\s?)?(?:[:?=|.]{0,3}[=:>]|\bis\b|,|value=)"#,
    r#"\s?(?:[|>][+-]?)?\s{0,8}[\\\"'`]{0,3})"#,
);

/// What a number is called by that identifies a thing, in the languages that people chat in.
const IDENTIFIERS: &str = "\
    # № / uid pid fbid userid orderid msgid order orders ord po invoice invoices inv ticket tickets case \
    cases issue incident ref refs reference tracking track parcel usps ups fedex dhl dpd gls package shipment \
    waybill awb delivery booking reservation confirmation itinerary pnr flight serial sku ean upc gtin isbn \
    barcode item product article part lot batch model asset device imei imeisv imsi meid iccid tweet status \
    post posts message msg channel guild server snowflake thread chat meeting zoom webinar conference trace \
    request req correlation session job task run build pipeline commit revision change transaction txn tx \
    event record row key file node offset sequence seq timestamp time ts epoch date hash checksum size bytes \
    total version contract policy claim loan voucher coupon bestellung bestellnummer bestellnr auftrag \
    auftragsnummer auftragsnr rechnung rechnungsnummer rechnungsnr vorgang vorgangsnummer kundennummer \
    kundennr sendung sendungsnummer paket lieferschein seriennummer artikelnummer artikelnr vertrag \
    vertragsnummer aktenzeichen commande commandes facture colis dossier suivi pedido expediente zgłoszeni \
    protocolo protocollo pedidos factura envío seguimiento paquete referencia encomenda rastreio ordine \
    fattura spedizione pacco bestelling factuur zending zamówieni przesyłk заказ счёт счет накладн посылк \
    трек заявк 注文 追跡 伝票 受付 订单 单号 运单 주문 송장";

/// The names of an exclusion, written out.
pub(super) fn names(list: &[String]) -> Vec<String> {
    let written = |name: &String| match name.as_str() {
        "{{identifiers}}" => IDENTIFIERS.split_whitespace().map(str::to_owned).collect(),
        _ => vec![name.clone()],
    };
    list.iter().flat_map(written).collect()
}

/// An example, written out.
pub(super) fn example(text: &str) -> String {
    replaced(text, "{{rep:", |inside| {
        let (what, count) = inside.rsplit_once(':')?;
        Some(what.repeat(count.parse::<u8>().ok()?.into()))
    })
}

/// A pattern, written out.
pub(super) fn pattern(text: &str) -> String {
    let named = replaced(text, "{{named:", |names| Some(named(names)));
    named.replace("{{assigned}}", ASSIGNED)
}

/// Names in any case at the start of a word, or with a capital behind a lower-case letter or a digit.
fn named(names: &str) -> String {
    let humps: Vec<String> = alternatives(names)
        .iter()
        .filter_map(|name| {
            let first = name.chars().next().filter(char::is_ascii_alphabetic)?;
            let rest = name.get(1..)?;
            Some(format!("{}(?i:{rest})", first.to_ascii_uppercase()))
        })
        .collect();
    let humps = humps.join("|");
    format!("(?:(?:^|[^A-Za-z0-9])(?i:{names})|(?-i:[a-z0-9](?:{humps})))")
}

/// The alternatives of an expression, those in groups and classes left whole.
fn alternatives(expression: &str) -> Vec<&str> {
    let (mut all, mut from, mut depth) = (Vec::new(), 0, 0_usize);
    let mut is_escaped = false;
    for (at, letter) in expression.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => {
                all.extend(expression.get(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    all.extend(expression.get(from..));
    all
}

/// The text with each `mark…}}` replaced by what `write` makes of its inside, where it makes anything of it.
fn replaced(text: &str, mark: &str, write: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once(mark) {
        out.push_str(before);
        let written = tail
            .split_once("}}")
            .and_then(|(inside, after)| Some((write(inside)?, after)));
        if let Some((what, after)) = written {
            out.push_str(&what);
            rest = after;
        } else {
            out.push_str(mark);
            rest = tail;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_written_out_and_other_braces_stay() {
        assert_eq!(
            example("a{{rep:xy:3}}b{{rep::}}{{c}}"),
            "axyxyxyb{{rep::}}{{c}}"
        );
        assert_eq!(pattern("a{2}{{b}}"), "a{2}{{b}}");
    }

    #[test]
    fn a_name_is_found_where_it_starts_a_word_or_a_hump() {
        let pattern = pattern(r"{{named:acme|x[|]y(?:a|b)}}{{assigned}}(?<value>\d{4})");
        let regex = regex::Regex::new(&pattern).unwrap();
        for text in [
            "ACME_KEY=1234",
            "my-acme: 1234",
            "MY_ACME_TOKEN = '1234'",
            "theAcmeKey => 1234",
            "acme is 1234",
            "aX|ya: 1234",
        ] {
            assert!(regex.is_match(text), "{text}");
        }
        assert!(!regex.is_match("xacme=1234") && !regex.is_match("acme 1234"));
    }
}
