/* The files of the API page, compressed by scripts/embed_docs.py. */
  .section .rodata

  .macro embed symbol, file
  .global \symbol
  .global \symbol\()_end
\symbol:
  .incbin "\file"
\symbol\()_end:
  .endm

  embed embedded_index_html, "index.html.gz"
  embed embedded_init_js, "init.js.gz"
  embed embedded_openapi_json, "openapi.json.gz"
  embed embedded_swagger_ui_js, "swagger-ui-bundle.js.gz"
  embed embedded_swagger_ui_css, "swagger-ui.css.gz"
  embed embedded_favicon_png, "favicon-32x32.png.gz"
  embed embedded_licence, "LICENSE.gz"

  .section .note.GNU-stack, "", @progbits
