for number in 0 1 2 3 4 5 6 7 8 9; do
    echo "processing $number"
    sleep 0.1
done
echo "waiting: ${1:-0} sec"
sleep "${1:-0}"
