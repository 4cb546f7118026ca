import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  {
    ignores: [
      ...[
        "node_modules",
        "artifacts",
        "cache",
        "coverage",
        "typechain-types",
        "runs",
        "simulations",
        "benchmarks",
        "dist",
        "abi",
      ],
      // AssemblyScript looks like TypeScript but is another language.
      ...["workloads/lib", "workloads/*/assembly", "workloads/*/build"],
    ],
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/consistent-type-imports": "error",
    },
  },
  {
    files: ["src/protocol/**/*.ts", "src/client/**/*.ts", "src/content/**/*.ts"],
    ignores: ["src/content/{folderStore,node,server}.ts"],
    rules: {
      // These run in a browser too.
      "no-restricted-imports": [
        "error",
        { patterns: [{ regex: "^node:|^(?:fs|path|os|crypto|child_process|buffer|util)$" }] },
      ],
      "no-restricted-globals": ["error", "process", "Buffer", "__dirname", "require"],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // Chai's assertions are property accesses.
      "@typescript-eslint/no-unused-expressions": "off",
    },
  },
);
