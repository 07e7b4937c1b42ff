// Rules for client/css, on top of stylelint's standard ones: docs/decisions/0032-biome-and-stylelint.md.
export default {
  extends: "stylelint-config-standard",
  rules: {
    "color-hex-length": "long", // tests/client/test_styles.py computes contrasts of six digits
    "custom-property-empty-line-before": null, // tokens stand in groups
    "import-notation": "string", // esbuild joins what is imported: nothing is requested
    "media-feature-range-notation": "prefix",
    "no-descending-specificity": null, // within a sheet, order decides between states of one element
    "property-no-vendor-prefix": [true, { ignoreProperties: ["-webkit-text-size-adjust", "-webkit-user-select"] }], // Safari has no others
    "selector-class-pattern": "^[a-z][a-z0-9_-]*$", // names of tools and screens are part of some classes
    "value-keyword-case": ["lower", { camelCaseSvgKeywords: true, ignoreProperties: ["/^--font/"] }],
  },
};
