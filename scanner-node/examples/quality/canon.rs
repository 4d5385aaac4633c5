//! Which names mean the same.
//!
//! Owns the classes in which labels and findings are compared: data sets and detectors call the same
//! thing by different names, and for a secret it matters that it is found, not whose it is.
//! **Invariant:** the mapping is the same for labels and for findings.

/// Names of a class; what is not listed is a class of its own.
const CLASSES: &[(&str, &[&str])] = &[
    (
        "PERSON",
        &[
            "PERSON",
            "PERSON_NAME",
            "FIRST_NAME",
            "LAST_NAME",
            "GIVEN_NAME",
            "SURNAME",
            "PER",
        ],
    ),
    ("ADDRESS", &["ADDRESS", "STREET_ADDRESS"]),
    (
        "LOCATION",
        &[
            "LOCATION",
            "LOC",
            "GPE",
            "CITY",
            "COUNTRY",
            "ZIP_CODE",
            "LOCATION_COORDINATES",
        ],
    ),
    (
        "ORGANIZATION",
        &["ORGANIZATION", "ORG", "ORGANIZATION_NAME"],
    ),
    ("CREDIT_CARD", &["CREDIT_CARD", "CREDIT_CARD_NUMBER"]),
    ("IBAN", &["IBAN", "IBAN_CODE"]),
    ("US_SSN", &["US_SSN", "SSN", "US_SOCIAL_SECURITY_NUMBER"]),
    ("EMAIL", &["EMAIL", "EMAIL_ADDRESS"]),
    ("PHONE", &["PHONE", "PHONE_NUMBER"]),
    ("IP", &["IP", "IP_ADDRESS"]),
    ("PASSPORT", &["PASSPORT", "US_PASSPORT"]),
    (
        "US_DRIVER_LICENSE",
        &[
            "US_DRIVER_LICENSE",
            "DRIVERS_LICENSE",
            "US_DRIVERS_LICENSE_NUMBER",
        ],
    ),
    (
        "US_ITIN",
        &["US_ITIN", "US_INDIVIDUAL_TAXPAYER_IDENTIFICATION_NUMBER"],
    ),
    (
        "SECRET",
        &[
            "PASSWORD",
            "DATABASE_URL",
            "CONNECTION_STRING",
            "SLACK_WEBHOOK",
            "OTP_SECRET",
            "BASIC_AUTH_HEADER",
        ],
    ),
];
/// Labels of what no detector is meant to find by itself.
const NOT_JUDGED: &[&str] = &[
    "DATE_TIME",
    "TITLE",
    "AGE",
    "NRP",
    "NATIONALITY",
    "DOMAIN_NAME",
    "URL",
    "PREFIX",
];
/// What a secret's name begins or ends with.
const SECRET_STARTS: &[&str] = &["SECRET"];
const SECRET_ENDS: &[&str] = &[
    "_TOKEN",
    "_KEY",
    "_KEY_ID",
    "_SECRET",
    "_WEBHOOK",
    "_CREDENTIALS",
    "_CREDENTIAL",
    "_PASSWORD",
    "_CONNECTION_STRING",
    "_PAT",
];

/// The class of a name; none if it is not judged.
pub(crate) fn class_of(name: &str) -> Option<&str> {
    if NOT_JUDGED.contains(&name) {
        return None;
    }
    let listed = CLASSES.iter().find(|(_, names)| names.contains(&name));
    if let Some((class, _)) = listed {
        return Some(class);
    }
    let is_secret = SECRET_STARTS.iter().any(|start| name.starts_with(start))
        || (name.ends_with("JSON_WEB_TOKEN") || SECRET_ENDS.iter().any(|end| name.ends_with(end)));
    Some(if is_secret || name.contains("_TOKEN_") {
        "SECRET"
    } else {
        name
    })
}

/// Whether spans of a class that only blanks and commas part are one: tools split names differently.
pub(crate) fn is_often_split(class: &str) -> bool {
    matches!(class, "PERSON" | "ADDRESS" | "LOCATION")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_thing_fall_into_one_class() {
        assert_eq!(class_of("CREDIT_CARD_NUMBER"), Some("CREDIT_CARD"));
        assert_eq!(class_of("STREET_ADDRESS"), class_of("ADDRESS"));
        for secret in [
            "GITHUB_TOKEN",
            "AWS_ACCESS_KEY_ID",
            "JSON_WEB_TOKEN",
            "PASSWORD",
            "SECRET_X",
        ] {
            assert_eq!(class_of(secret), Some("SECRET"), "{secret}");
        }
        assert_eq!(class_of("BRAZIL_CPF_NUMBER"), Some("BRAZIL_CPF_NUMBER"));
        assert_eq!(class_of("AGE"), None);
    }
}
