# To be sourced. Pairs of measurements in turn, and whether their difference or ratio meets a target.

missed=0

# judge LOW HIGH least|most TARGET: whether the whole interval is on the right side of the target.
judge() {
    answer=$(awk -v low="$1" -v high="$2" -v side="$3" -v target="$4" 'BEGIN {
        worst = side == "least" ? low - target : target - high
        best = side == "least" ? high - target : target - low
        print (worst >= 0 ? "yes" : best < 0 ? "no" : "undecided")
    }')
    [ "$answer" != no ] || missed=1
}

# interval: reads pairs "a b", prints the median of a / b, or with $difference of a - b, and the 95 % interval of that median (order statistics).
interval() {
    awk -v difference="${difference:-}" '{ print difference ? $1 - $2 : $1 / $2 }' | sort -g | awk '{ value[NR] = $1 } END {
        below = int((NR - 1.96 * sqrt(NR)) / 2 + 0.5)
        if (below < 1) below = 1
        middle = (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2
        printf "%.3f %.3f %.3f\n", middle, value[below], value[NR + 1 - below]
    }'
}

# pairs COUNT MEASURE A B: lines "a b" measured in turn, the order changing each time.
pairs() {
    local i a b
    for ((i = 0; i < $1; i++)); do
        ((i % 10)) || meanwhile "measuring in turn, pair $((i + 1)) of $1: $3, $4"
        if ((i % 2)); then a=$($2 "$3"); b=$($2 "$4"); else b=$($2 "$4"); a=$($2 "$3"); fi
        echo "$a $b"
    done
}

# compare TEXT COUNT MEASURE A B [least|most TARGET]
compare() {
    local middle low high target=
    answer=
    read -r middle low high < <(pairs "${@:2:4}" | tee "$bench/$3" | interval)
    if [ $# -gt 5 ]; then
        judge "$low" "$high" "$6" "$7"
        target="$([ "$6" = least ] && echo '>=' || echo '<=') $7"
    fi
    printf '%-40s %12s %12s %12s  %s\n' "$1" "$middle" "$low-$high" "$target" "$answer"
}
