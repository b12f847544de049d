// SPDX-License-Identifier: MIT
#pragma once
// The run's findings for people (the seed's table, executions side by side), for programs (JSON)
// and as a picture (gnuplot).

#include <string>
#include <vector>

#include "gates.hpp"
#include "results.hpp"

namespace shmfifo::million {

// The rows that there are, in the table's order.
[[nodiscard]] std::vector<row_key> rows_of(const results& found);

void print_table(const results& found);
// Ends with the gates that failed, and with what the machine did meanwhile before them.
void print_verdict(const std::vector<gate>& gates, const results& found, bool strict);

// Both answer with a sentence if they fail, and with nothing if they do not.
[[nodiscard]] std::string write_json(const std::string& file, const results& found,
                                     const std::vector<gate>& gates, bool strict);
// SVG or PNG, by the file's ending.
[[nodiscard]] std::string write_chart(const std::string& file, const results& found);

}  // namespace shmfifo::million
