// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdio>

#include "report.hpp"

namespace shmfifo::million {
namespace {

// In gnuplot's single quotes only the quote itself is special, and is written twice.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

std::string script(const std::string& file, const results& found) {
  std::string data;
  int count = 0;
  for (const row_key& key : rows_of(found)) {
    if (!is_stream(key)) continue;
    const double ms = median(found.row(key));
    if (ms <= 0) continue;
    const double millions = static_cast<double>(found.messages) / ms / 1000;
    data += fmt::format("{} {:.4f} {} \"{} {} {} {}  {:.1f}\"\n", ++count, millions,
                        key.who == subject::core ? 1 : 2, to_string(key.who), to_string(key.way),
                        to_string(key.what), to_string(key.part), millions);
  }
  const bool png = file.ends_with(".png");
  const int height = 120 + 18 * count;
  return fmt::format(
      "$rows << END\n{}END\n"
      "set terminal {} size 1000,{} noenhanced font ',10'\nset output {}\n"
      "set title '{} messages: median of {} executions; grey: baselines'\n"
      "set xlabel 'million messages a second (logarithmic); the line is the floor of the gate'\n"
      "set logscale x\nset xrange [0.1:*]\nset yrange [{}.6:0.4]\nset grid xtics\nunset key\n"
      "set lmargin 52\nset arrow from 1,graph 0 to 1,graph 1 nohead lc rgb '#c04040'\n"
      "plot $rows using (0.5*($2+0.1)):1:(0.1):2:($1-0.35):($1+0.35):($3==1?0x3070b0:0xb0b0b0)"
      ":ytic(4) with boxxyerror fs solid lc rgb variable\n",
      data, png ? "pngcairo" : "svg", height, quoted(file), found.messages, found.executions,
      count);
}

}  // namespace

std::string write_chart(const std::string& file, const results& found) {
  std::signal(SIGPIPE, SIG_IGN);  // a missing gnuplot is reported and must not end this program
  FILE* gnuplot = ::popen("gnuplot", "w");
  if (gnuplot == nullptr) return "cannot start gnuplot";
  fmt::print(gnuplot, "{}", script(file, found));
  const int status = ::pclose(gnuplot);
  if (status == 0) return "";
  const bool missing = WIFEXITED(status) && WEXITSTATUS(status) == 127;
  return missing ? "cannot draw the chart: gnuplot is not installed (ci/install_packages.sh)"
                 : fmt::format("gnuplot could not draw {}", file);
}

}  // namespace shmfifo::million
