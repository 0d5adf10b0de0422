# The jobs of `benchmarks/peers.py` in R, in two ways: with the field's package, where it is
# installed, and as an analyst who knows R well would write the arithmetic alone, whole columns at a
# time, from the formulas in docs/methods. Called by benchmarks/peers_r.py:
#   Rscript peers.R JOB INPUT COLUMNS OUTPUT
# Input and output are columns of doubles. The job is done once, for its answer, and then again at each
# line that is read, so that it can take turns with another way; each time prints its seconds, elapsed
# and of processor.

LEVELS <- c(0.95, 0.998)

limits <- function(lower, upper) {
  do.call(cbind, lapply(LEVELS, function(level) {
    z <- qnorm((1 + level) / 2)
    tail <- (1 - level) / 2
    cbind(lower(z, tail), upper(z, tail))
  }))
}

proportions <- function(input) {
  x <- input[, 1]
  n <- input[, 2]
  bound <- function(sign) function(z, tail) {
    (2 * x + z^2 + sign * z * sqrt(z^2 + 4 * x * (1 - x / n))) / (2 * (n + z^2))
  }
  100 * cbind(x / n, limits(bound(-1), bound(1)))
}

byar_lower <- function(x, z) x * (1 - 1 / (9 * x) - z / (3 * sqrt(x)))^3
byar_upper <- function(x, z) (x + 1) * (1 - 1 / (9 * (x + 1)) + z / (3 * sqrt(x + 1)))^3

rates <- function(input) {
  x <- input[, 1]
  n <- input[, 2]
  few <- which(x < 10)
  lower <- function(z, tail) {
    bound <- byar_lower(x, z)
    bound[few] <- qchisq(tail, 2 * x[few]) / 2
    bound / n
  }
  upper <- function(z, tail) {
    bound <- byar_upper(x, z)
    bound[few] <- qchisq(1 - tail, 2 * x[few] + 2) / 2
    bound / n
  }
  1e5 * cbind(x / n, limits(lower, upper))
}

standardised_rates <- function(input) {
  weight <- input[, 4]
  share <- weight / input[, 3]
  sums <- rowsum(cbind(input[, 2], input[, 2] * share, input[, 2] * share^2, weight), input[, 1])
  x <- sums[, 1]
  rate <- sums[, 2] / sums[, 4]
  scale <- sqrt(sums[, 3] / x) / sums[, 4]
  lower <- function(z, tail) rate + scale * (byar_lower(x, z) - x)
  upper <- function(z, tail) rate + scale * (byar_upper(x, z) - x)
  1e5 * cbind(rate, limits(lower, upper))
}

# At birth only. Bands of one area follow one another, in the order of age.
life_expectancy <- function(input) {
  bands <- length(unique(input[, 2]))
  ages <- input[seq_len(bands), 2]
  mortality <- matrix(input[, 4] / input[, 3], nrow = bands)
  survivors <- rep(1, ncol(mortality))
  years <- 0
  for (band in seq_len(bands - 1)) {
    width <- ages[band + 1] - ages[band]
    share <- if (ages[band] == 0) 0.1 else 0.5
    rate <- mortality[band, ]
    following <- survivors * (1 - pmin(1, width * rate / (1 + width * rate * (1 - share))))
    years <- years + width * (following + share * (survivors - following))
    survivors <- following
  }
  cbind(years + survivors / mortality[bands, ])
}

# Limits from 100,000 simulated sets of values an area.
slope_index <- function(input) {
  draws <- 100000
  do.call(rbind, lapply(split(seq_len(nrow(input)), input[, 1]), function(rows) {
    people <- input[rows, 3] / sum(input[rows, 3])
    position <- cumsum(people) - people / 2
    away <- position - sum(people * position)
    weight <- people * away / sum(people * away^2)
    values <- matrix(rnorm(draws * length(rows), input[rows, 4], input[rows, 5]), nrow = length(rows))
    slopes <- colSums(weight * values)
    c(sum(weight * input[rows, 4]), quantile(slopes, c(0.025, 0.975), names = FALSE))
  }))
}

# The same with PHEindicatormethods. What it is given are data frames, made before it is timed.
as_frame <- function(input, names) setNames(as.data.frame(input), names)
VALUE_AND_LIMITS <- c("value", "lower95_0cl", "upper95_0cl", "lower99_8cl", "upper99_8cl")
with_package <- list(
  proportions = list(
    prepare = function(input) as_frame(input, c("x", "n")),
    run = function(data) {
      phe_proportion(data, x, n, type = "standard", confidence = LEVELS, multiplier = 100)
    },
    columns = VALUE_AND_LIMITS
  ),
  rates = list(
    prepare = function(input) as_frame(input, c("x", "n")),
    run = function(data) {
      phe_rate(data, x, n, type = "standard", confidence = LEVELS, multiplier = 1e5)
    },
    columns = VALUE_AND_LIMITS
  ),
  standardised_rates = list(
    prepare = function(input) {
      dplyr::group_by(as_frame(input, c("area", "x", "n", "weight")), area)
    },
    run = function(data) {
      calculate_dsr(
        data, x = x, n = n, stdpop = weight, type = "standard", confidence = LEVELS,
        multiplier = 1e5
      )
    },
    columns = VALUE_AND_LIMITS
  ),
  life_expectancy = list(
    prepare = function(input) {
      dplyr::group_by(as_frame(input, c("area", "age", "people", "deaths")), area)
    },
    run = function(data) {
      phe_life_expectancy(data, deaths, people, age, type = "standard", confidence = LEVELS)
    },
    columns = VALUE_AND_LIMITS
  ),
  slope_index = list(
    prepare = function(input) {
      dplyr::group_by(as_frame(input, c("area", "quantile", "people", "value", "error")), area)
    },
    run = function(data) {
      phe_sii(
        data, quantile, people, value = value, value_type = 0, se = error, confidence = 0.95,
        repetitions = 100000, type = "standard"
      )
    },
    columns = c("sii", "sii_lower95_0cl", "sii_upper95_0cl")
  )
)

given <- commandArgs(trailingOnly = TRUE)
name <- sub("^package:", "", given[1])
input <- matrix(readBin(given[2], "double", n = file.size(given[2]) / 8), ncol = as.integer(given[3]))
set.seed(6)
if (name == given[1]) {
  run <- get(name)
  columns <- TRUE
} else {
  suppressPackageStartupMessages(library(PHEindicatormethods))
  way <- with_package[[name]]
  input <- way$prepare(input)
  run <- function(data) suppressMessages(way$run(data))
  columns <- way$columns
}
say <- function(spent, times) {
  cat(spent[["elapsed"]] / times, (spent[["user.self"]] + spent[["sys.self"]]) / times, "\n")
}
first <- system.time(answer <- run(input))
writeBin(as.vector(as.matrix(as.data.frame(answer)[, columns])), given[4])
say(first, 1)
times <- NULL
asked <- file("stdin", open = "r")
while (length(readLines(asked, n = 1))) {
  if (is.null(times)) {
    # A clock that counts in milliseconds needs more of what takes few of them.
    few <- first[["elapsed"]] < 1
    times <- if (few) ceiling(0.2 / max(system.time(run(input))[["elapsed"]], 0.001)) else 1
  }
  say(system.time(for (time in seq_len(times)) run(input)), times)
}
