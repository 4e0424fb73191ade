//! Data forms ([XEP-0004](https://xmpp.org/extensions/xep-0004.html)), as far as the extensions here carry them.

use rfc3920::xml::Element;

use crate::element::{Optional, expect, leaf, names, text_of};
use crate::{Error, ns};

names! {
    /// What a form is for.
    pub enum FormType {
        /// To be filled in.
        Form = "form",
        /// Filled in.
        Submit = "submit",
        /// Not to be filled in after all.
        Cancel = "cancel",
        /// Data.
        Result = "result",
    }
}

/// A form, or the data of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// What it is for.
    pub kind: FormType,
    /// What it is called.
    pub title: Option<String>,
    /// What to do with it.
    pub instructions: Option<String>,
    /// Its fields, in order.
    pub fields: Vec<Field>,
}

/// One field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// The name for programs; a `fixed` field may have none.
    pub var: Option<String>,
    /// `text-single`, `boolean`, `hidden` and so on, as it was written.
    pub kind: Option<String>,
    /// The name for people.
    pub label: Option<String>,
    /// Whether it must be filled in.
    pub required: bool,
    /// What is in it.
    pub values: Vec<String>,
    /// What may be chosen for a list: the value, and its name for people.
    pub options: Vec<(String, Option<String>)>,
}

impl Field {
    /// A field of one value, without a type: as forms are submitted.
    pub fn new(var: &str, value: &str) -> Field {
        Field { var: Some(var.to_owned()), values: vec![value.to_owned()], ..Field::default() }
    }
}

impl Form {
    /// A form to submit, with the hidden field that says which form it answers.
    ///
    /// ```
    /// use rfc3921::form::Form;
    /// let form = Form::submit("urn:xmpp:mam:2").with("with", "alice@wonderland.example");
    /// assert_eq!(form.form_type(), Some("urn:xmpp:mam:2"));
    /// assert_eq!(form.value("with"), Some("alice@wonderland.example"));
    /// ```
    pub fn submit(form_type: &str) -> Form {
        Form::of(FormType::Submit, form_type)
    }

    /// A form of that kind, with the hidden field that says which one it is.
    //= xep-0068#3/form-type MUST
    //# FORM_TYPE goes first, hidden, and names the form's registry entry.
    pub fn of(kind: FormType, form_type: &str) -> Form {
        let field = Field { kind: Some("hidden".to_owned()), ..Field::new(FORM_TYPE, form_type) };
        Form { kind, title: None, instructions: None, fields: vec![field] }
    }

    /// The same with one more field.
    pub fn with(mut self, var: &str, value: &str) -> Form {
        self.fields.push(Field::new(var, value));
        self
    }

    /// Which form it is, if it says so as it must.
    pub fn form_type(&self) -> Option<&str> {
        let field = self.field(FORM_TYPE)?;
        // a result may leave the types of fields out, except this one
        let hidden = field.kind.as_deref() == Some("hidden") || self.kind == FormType::Submit;
        hidden.then(|| field.values.first().map(String::as_str))?
    }

    /// The field of that name.
    pub fn field(&self, var: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.var.as_deref() == Some(var))
    }

    /// The first value of the field of that name.
    pub fn value(&self, var: &str) -> Option<&str> {
        self.field(var)?.values.first().map(String::as_str)
    }

    /// Reads `<x xmlns='jabber:x:data'/>`.
    ///
    /// # Errors
    /// [`Error`], for another element or type.
    //= xep-0004#3.2/field-var MUST
    //# A field without a name is read, since fixed ones have none, but never found by a name.
    pub fn from_element(element: &Element) -> Result<Form, Error> {
        expect(element, ns::FORMS, "x")?;
        let kind = element.get("type").and_then(FormType::from_name).ok_or(Error::Value("type of form"))?;
        let fields = element.children().filter(|child| child.is(ns::FORMS, "field")).map(field_from).collect();
        let (title, instructions) = (text_of(element, ns::FORMS, "title"), text_of(element, ns::FORMS, "instructions"));
        Ok(Form { kind, title, instructions, fields })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        Element::new(ns::FORMS, "x")
            .attr("type", self.kind.name())
            .leaf_if(ns::FORMS, "title", self.title.as_deref())
            .leaf_if(ns::FORMS, "instructions", self.instructions.as_deref())
            .with(self.fields.iter().map(field_to))
    }
}

/// The field that says which form it is (XEP-0068).
pub const FORM_TYPE: &str = "FORM_TYPE";

fn field_from(element: &Element) -> Field {
    let values = |of: &Element| -> Vec<String> {
        of.children().filter(|child| child.is(ns::FORMS, "value")).map(|value| value.text().into_owned()).collect()
    };
    let options = element.children().filter(|child| child.is(ns::FORMS, "option"));
    Field {
        var: element.get("var").map(str::to_owned),
        kind: element.get("type").map(str::to_owned),
        label: element.get("label").map(str::to_owned),
        required: element.find(ns::FORMS, "required").is_some(),
        values: values(element),
        options: options
            .filter_map(|option| Some((values(option).into_iter().next()?, option.get("label").map(str::to_owned))))
            .collect(),
    }
}

fn field_to(field: &Field) -> Element {
    let value = |text: &String| leaf(ns::FORMS, "value", text);
    Element::new(ns::FORMS, "field")
        .attr_opt("var", field.var.as_deref())
        .attr_opt("type", field.kind.as_deref())
        .attr_opt("label", field.label.as_deref())
        .with(field.required.then(|| Element::new(ns::FORMS, "required")))
        .with(field.values.iter().map(value))
        .with(field.options.iter().map(|(text, label)| {
            Element::new(ns::FORMS, "option").attr_opt("label", label.as_deref()).child(value(text))
        }))
}
