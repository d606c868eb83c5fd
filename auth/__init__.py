"""May this person do this, now? Knows no pixels and no Gradio."""
