# Sourced by launch/soak: a small learner of each kind, with and without validation, whose settings and undisturbed results it knows.
# Wants of lib.sh all, and of its user: out, err (files), common (options of every job), and `run` (interruptions.sh).
# shellcheck shell=bash disable=SC2034,SC2154 # variables of and for who sources this

kinds=(DeepXML DeepXML OVA ANNS GRU transformer Slice SparseSlice DiSMEC)
declare -A lines_of=() figures_of=() results_of=()

# architectures FOLDER: the files that GRU and transformer name.
architectures() {
    local same='"transform_fine": {"order": ["identity"], "identity": {}}'
    echo "{\"transform_coarse\": {\"order\": [\"astecpp\", \"rnn\", \"pooling\"], \"astecpp\": {\"dropout\": 0.2},
        \"pooling\": {\"kind\": \"attention\", \"num_heads\": 2},
        \"rnn\": {\"cell_type\": \"GRU\", \"bidirectional\": true, \"output\": \"residual\"}}, $same}" >"$1/GRU.json"
    echo "{\"transform_coarse\": {\"order\": [\"transformer\", \"pooling\", \"dropout\"], \"dropout\": {\"p\": 0.2},
        \"pooling\": {\"kind\": \"mean\"}, \"transformer\": {\"num_layers\": 2, \"num_heads\": 3, \"intermediate_size\": 40,
        \"positions\": 32, \"dropout\": 0.1, \"attention_dropout\": 0.1}}, $same}" >"$1/transformer.json"
}

# settings_of KIND VALIDATION (yes, no): options in $settings, and the learners' $learner_folders.
settings_of() {
    local tokens=(
        --framework DeepXML-OVA --arch "$scratch/$1.json" --set global.feature_type=sequential --set global.embedding_dims=24
        --set global.trn_feat_fname=trn_X_seq.txt --set global.tst_feat_fname=tst_X_seq.txt --set extreme.init=random
    )
    local validation=(--validation 0.2 --keep best --patience 2 --tune)
    case $1 in
        DeepXML) settings=("${small_settings[@]}" --set surrogate.num_epochs=3 --set extreme.num_epochs=4 --set reranker.num_epochs=3) ;;
        OVA) settings=(--framework DeepXML-OVA --set extreme.init=random --set extreme.num_epochs=8 --set extreme.learning_rate=0.2) ;;
        ANNS)
            settings=(--framework DeepXML-ANNS --set extreme.init=random --set extreme.num_epochs=5 --set extreme.num_nbrs=60)
            settings+=(--set extreme.learning_rate=0.03)
            ;;
        GRU) settings=("${tokens[@]}" --set extreme.num_epochs=6 --set extreme.learning_rate=0.03) ;;
        transformer) settings=("${tokens[@]}" --set extreme.num_epochs=6) ;;
        Slice) settings=(--framework Slice --set slice.init=random) ;;
        *) settings=(--framework "$1") ;;
    esac
    # In these nothing is drawn at random, and there is one seed.
    learner_folders="v_0_1 v_0_2"
    case $1 in SparseSlice | DiSMEC) settings+=(--seeds 1) learner_folders=v_0_1 ;; esac
    # Linear learners have no epochs, of which one could be kept.
    case $1 in Slice | SparseSlice | DiSMEC) validation=(--validation 0.2) ;; esac
    [ "$2" = no ] || settings+=("${validation[@]}")
}

# learner KIND VALIDATION: its $settings, $learner_folders, $results, $reference_folder, $reference_figures and $all_lines, from a
# job that runs in peace on three ranks and the CPU, where there has been none yet. Ends the script where that job fails.
learner() {
    local name=$1-$2 start=${EPOCHREALTIME/./}
    settings_of "$@"
    reference_folder=$scratch/reference/$name
    if [ -z "${figures_of[$name]:-}" ]; then
        local ranks=3 options=("${common[@]}" --device cpu "${settings[@]}")
        run "$reference_folder"
        [ "$code" -eq 0 ] || { fail "the undisturbed job of $name" "exit code $code" "$err"; finish; }
        results_of[$name]=$(cd "$reference_folder" && find results -path '*/v_0/metrics.json')
        results_of[$name]=${results_of[$name]%/v_0/metrics.json}
        figures_of[$name]=$(figures "$reference_folder/${results_of[$name]}/v_0/metrics.json")
        lines_of[$name]=$(log_lines)
        echo "reference: $name, validation: $2: $(((${EPOCHREALTIME/./} - start) / 1000)) ms"
    fi
    results=${results_of[$name]} reference_figures=${figures_of[$name]} all_lines=${lines_of[$name]}
}
