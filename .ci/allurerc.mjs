// How Allure 3 renders the results of a run: one file, which opens without a server.
import { readFileSync } from "node:fs";

const categories = new URL("../reports/allure-categories.json", import.meta.url);

export default {
  name: "SSF conformance",
  categories: { rules: JSON.parse(readFileSync(categories, "utf8")) },
  plugins: {
    awesome: {
      options: {
        singleFile: true,
        reportName: "SSF conformance",
        reportLanguage: "en",
        groupBy: ["epic", "feature", "story"],
      },
    },
  },
};
