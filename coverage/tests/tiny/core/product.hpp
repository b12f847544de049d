// SPDX-License-Identifier: MIT
#pragma once
// The product of the smallest project with coverage: a function for each way in which a process
// that ran it can end. coverage_test.py asks which of them were counted.

int run_to_the_end(int x);
int run_before_exit(int x);
int run_before_own_sigkill(int x);
int run_before_sigkill_of_parent(int x);
