//! The shared credentials file of the AWS clients: profiles in brackets, `name = value` below.

use std::fmt;

/// The credentials in a profile. Other settings are ignored.
#[derive(Default, PartialEq, Eq)]
pub struct Profile {
    /// `aws_access_key_id`
    pub access_key_id: Option<String>,
    /// `aws_secret_access_key`
    pub secret_access_key: Option<String>,
    /// `aws_session_token`
    pub session_token: Option<String>,
}

/// Shows the access key id alone.
impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// The profile of this name in the text of a credentials file.
pub fn profile(text: &str, name: &str) -> Option<Profile> {
    let mut found = None;
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if let Some(header) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            inside = header.trim() == name;
            if inside {
                found.get_or_insert_with(Profile::default);
            }
        } else if inside
            && !line.starts_with(['#', ';'])
            && let Some((key, value)) = line.split_once('=')
            && let Some(profile) = &mut found
        {
            let value = Some(value.trim().to_owned());
            match key.trim() {
                "aws_access_key_id" => profile.access_key_id = value,
                "aws_secret_access_key" => profile.secret_access_key = value,
                "aws_session_token" => profile.session_token = value,
                _ => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_the_settings_below_its_name() {
        let text = "# mine\n[default]\naws_access_key_id = A\naws_secret_access_key=S=S\n\n[ other ]\naws_access_key_id = B\nregion = here\n";
        let show = |name| {
            profile(text, name).map(|p| (p.access_key_id, p.secret_access_key, p.session_token))
        };
        let owned = |text: &str| Some(text.to_owned());
        assert_eq!(show("default"), Some((owned("A"), owned("S=S"), None)));
        assert_eq!(show("other"), Some((owned("B"), None, None)));
        assert_eq!(show("none"), None);
    }
}
