// SPDX-License-Identifier: MIT
#pragma once
// The results as text (the original's table, executions side by side), as JSON and as a chart.

#include <string>
#include <vector>

#include "gates.hpp"
#include "results.hpp"

namespace shmfifo::million {

// The rows, in the order of the table.
[[nodiscard]] std::vector<row_key> rows_of(const results& found);

void print_table(const results& found);
// Ends with what the machine did meanwhile, and then the gates that failed.
void print_verdict(const std::vector<gate>& gates, const results& found, bool strict);

// These return an error text, empty if they succeed.
[[nodiscard]] std::string write_file(const std::string& file, const std::string& text);
[[nodiscard]] std::string write_json(const std::string& file, const results& found,
                                     const std::vector<gate>& gates, bool strict);
// SVG or PNG, by the file's ending.
[[nodiscard]] std::string write_chart(const std::string& file, const results& found);

}  // namespace shmfifo::million
