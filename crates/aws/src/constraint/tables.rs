//! The macros that turn generated tables into types.

/// Named rules, one for each constrained shape of the model.
macro_rules! rules {
    ($($name:ident = $rule:expr;)*) => {
        $(pub(in super::super) static $name: Rule = $rule;)*
    };
}

/// Structures inside requests.
macro_rules! structure {
    ($($name:ident { $($field:ident: $type:ty = $how:ident($member:literal, $rule:expr);)* })*) => {$(
        #[derive(Debug, Clone)]
        pub struct $name {
            $(pub $field: $type,)*
        }

        impl crate::constraint::Structure for $name {
            fn read(reader: &mut crate::constraint::Reader, at: &crate::query::Scope<'_>) -> Option<Self> {
                let _ = (&reader, at);
                // All members are read before the first problem ends it, so that every problem is
                // reported.
                $(let $field = reader.$how(at, $member, $rule);)*
                Some(Self { $($field: $field?,)* })
            }
        }
    )*};
}

/// Whole inputs of operations.
macro_rules! input {
    ($($name:ident $members:tt)*) => {$(
        crate::constraint::structure! { $name $members }

        impl $name {
            /// Reads and checks the input.
            ///
            /// # Errors
            /// All broken constraints, or the first parameter that the operation does not have.
            pub fn parse(
                params: &crate::query::Params,
            ) -> Result<Self, crate::constraint::InvalidRequest> {
                crate::constraint::parse(params)
            }
        }
    )*};
}

/// Structures of responses, written in the model's member order.
macro_rules! output {
    ($($name:ident $(($operation:literal))? { $($field:ident: $type:ty = $member:literal;)* })*) => {$(
        #[derive(Debug, Clone)]
        pub struct $name {
            $(pub $field: $type,)*
        }

        crate::constraint::written! { $name { $($field = $member;)* } }

        $(impl crate::output::Output for $name {
            const OPERATION: &'static str = $operation;
        })?
    )*};
}

/// Writes a structure that is declared elsewhere, in both forms.
macro_rules! written {
    ($($name:ident { $($field:ident = $member:literal;)* })*) => {$(
        impl crate::output::WriteXml for $name {
            fn write_members(&self, xml: &mut crate::xml::XmlWriter) {
                let _ = &xml;
                $(crate::output::WriteXml::write(&self.$field, xml, $member);)*
            }
        }

        impl crate::output::WriteJson for $name {
            fn write_json(&self, out: &mut String) {
                out.push('{');
                $(crate::output::json_member(out, $member, &self.$field);)*
                out.push('}');
            }
        }
    )*};
}

/// All operations of a service with their inputs: those that are built, then the others.
macro_rules! requests {
    ($service:literal
        built { $($name:ident($input:ident);)* }
        not built { $($other:ident($other_input:ident);)* }
    ) => {
        /// An operation of the service.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation {
            $($name,)*
            $($other,)*
        }

        impl Operation {
            /// All operations: those that are built, by name, then the others.
            pub const ALL: &'static [Self] = &[$(Self::$name,)* $(Self::$other,)*];

            /// The operation with this name, in exactly this spelling.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $(stringify!($name) => Some(Self::$name),)*
                    $(stringify!($other) => Some(Self::$other),)*
                    _ => None,
                }
            }

            /// The name, as `Action` has it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                    $(Self::$other => stringify!($other),)*
                }
            }

            /// The action, which has the operation's name (AWS Service Authorization Reference),
            /// such as `iam:CreateRole`.
            pub const fn action(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($service, ":", stringify!($name)),)*
                    $(Self::$other => concat!($service, ":", stringify!($other)),)*
                }
            }
        }

        /// A well-formed request of the service.
        #[derive(Debug, Clone)]
        pub enum Request {
            $($name($input),)*
            /// A request of an operation that is not built. Its input was checked and dropped.
            NotBuilt(Operation),
        }

        impl Request {
            /// Reads and checks the input of an operation.
            ///
            /// # Errors
            /// All broken constraints, or the first parameter that the operation does not have.
            pub fn parse(
                operation: Operation,
                params: &crate::query::Params,
            ) -> Result<Self, crate::constraint::InvalidRequest> {
                match operation {
                    $(Operation::$name => $input::parse(params).map(Self::$name),)*
                    $(Operation::$other => $other_input::parse(params).map(|_| Self::NotBuilt(operation)),)*
                }
            }

            /// The operation.
            pub const fn operation(&self) -> Operation {
                match self {
                    $(Self::$name(_) => Operation::$name,)*
                    Self::NotBuilt(operation) => *operation,
                }
            }
        }
    };
}

pub(crate) use {input, output, requests, rules, structure, written};
