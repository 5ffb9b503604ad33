"""How every form of the house is drawn: label, hint, control, error; a summary of errors on top."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
