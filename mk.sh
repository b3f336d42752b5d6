. /work/main/Tests/mpi/lib.sh
mkdir -p /tmp/gx/data/Small; small_dataset /tmp/gx/data/Small 80 20 60 210; sequences /tmp/gx/data/Small
