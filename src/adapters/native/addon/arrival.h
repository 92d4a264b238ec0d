#pragma once

// When a datagram came, of the kernel's stamp. No clock is read here: tests set them, and stop them, as nobody else could.

#include <math.h>

// By so much, ms, two clocks do not part between two looks at them, unless somebody has set one, or the machine slept: the
// monotonic clock stands still meanwhile.
constexpr double kClockSet = 5;

// How the clock by which the kernel stamps datagrams stands to the monotonic one. All times are ms of the latter.
struct StampClock {
  // How far the stamps' clock is ahead, and when it was found to have been set.
  double offset = NAN;
  double set_at = -INFINITY;

  // Both clocks were read at the same moment.
  void Read(double now, double stamp_now) {
    const double ahead = stamp_now - now;
    // The first reading is no setting of the clock.
    if (fabs(ahead - offset) > kClockSet) set_at = now;
    offset = ahead;
  }

  // When a datagram came, behind one of the same socket that came at `last`; at `now`, which was read last, at latest. A stamp of
  // before the clock was set says nothing but that. Rather a datagram is told younger than it is: of one told older a leg would
  // learn of hours of delay, and a call could end for them.
  double Came(double stamp, double now, double last) const {
    double came = stamp - offset;
    // Not stamped, or by a clock that went back since.
    if (isnan(came) || came > now) came = now;
    if (came < set_at) came = set_at;
    return came < last ? last : came;
  }
};
