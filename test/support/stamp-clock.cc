// The addon's clock of the kernel's stamps on a line: reads what happens, one a line, and answers each arrival with when it says
// the datagram came. `R now stamp` both clocks are read, `D stamp` a datagram is read, with `nan` for one without a stamp; `N`
// begins anew.
#include <math.h>
#include <stdio.h>

#include "../../src/adapters/native/addon/arrival.h"

int main() {
  StampClock clock;
  double now = 0, last = -INFINITY, first = 0, second = 0;
  char what = 0;
  while (scanf(" %c", &what) == 1) {
    if (what == 'N') {
      clock = StampClock();
      last = -INFINITY;
    } else if (what == 'R' && scanf("%lf %lf", &first, &second) == 2) {
      now = first;
      clock.Read(now, second);
    } else if (what == 'D' && scanf("%lf", &first) == 1) {
      last = clock.Came(first, now, last);
      printf("%.6f\n", last);
    } else {
      return 1;
    }
  }
  return 0;
}
