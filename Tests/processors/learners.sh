# Sourced by Tests/processors/against: the learners that both programs train, a few epochs each, so that together they pass through
# every framework, loss, optimiser, search and kind of features. Some cost a second, none more than ten.
# shellcheck shell=bash disable=SC2154

quick=(surrogate.num_epochs=2 extreme.num_epochs=3 reranker.num_epochs=2)
ova=(--framework DeepXML-OVA)
anns=(--framework DeepXML-ANNS)
sequential=(global.feature_type=sequential global.trn_feat_fname=trn_X_seq.txt global.tst_feat_fname=tst_X_seq.txt)
dense=(global.feature_type=dense global.trn_feat_fname=trn_X_dense.txt global.tst_feat_fname=tst_X_dense.txt global.embedding_dims=64 extreme.init=random)
graph=(extreme.M=8 extreme.efC=40 extreme.efS=40 extreme.num_nbrs=30)

settings "${quick[@]}"
same "DeepXML" some_X_Xf.txt "${options[@]}"
goes_on "DeepXML" extreme 3 "${options[@]}"

settings extreme.num_epochs=3
same "OVA" some_X_Xf.txt "${ova[@]}" "${options[@]}"
settings extreme.num_epochs=3 extreme.precision=bfloat16
same "OVA in bfloat16" some_X_Xf.txt "${ova[@]}" "${options[@]}"

settings extreme.num_epochs=3 extreme.retrain_hnsw_after=2
same "ANNS" some_X_Xf.txt "${anns[@]}" "${options[@]}"
settings extreme.num_epochs=2 "${graph[@]}" extreme.loss=hinge
same "ANNS by graphs, hinge" some_X_Xf.txt "${anns[@]}" "${options[@]}"

settings "${quick[@]}" "${sequential[@]}" "${graph[@]}"
same "GRU" some_X_seq.txt --arch ./SmallGRU.json "${options[@]}"
goes_on "GRU" extreme 3 --arch ./SmallGRU.json "${options[@]}"

settings extreme.num_epochs=2 extreme.loss=hinge extreme.optim=SGD extreme.momentum=0.8 extreme.weight_decay=0.0001 extreme.learning_rate=0.05
same "OVA, hinge by SGD with weight decay" some_X_Xf.txt "${ova[@]}" "${options[@]}"
settings extreme.num_epochs=2 "extreme.loss=squared hinge" extreme.weight_decay=0.0001 extreme.lr_schedule=linear extreme.encoder_rate=0.5
same "OVA, squared hinge, linear schedule" some_X_Xf.txt "${ova[@]}" "${options[@]}"
settings extreme.num_epochs=2 extreme.bias_init=prior extreme.propensity_weight=0.5
same "OVA, prior biases, propensity weight" some_X_Xf.txt "${ova[@]}" --arch AstecPlain "${options[@]}"

settings extreme.num_epochs=2 "${dense[@]}"
same "OVA, MLP on dense features" some_X_dense.txt "${ova[@]}" --arch MLP "${options[@]}"
settings extreme.num_epochs=2
same "OVA, mean, batch norm and MLP" some_X_Xf.txt "${ova[@]}" --arch ./Layers.json "${options[@]}"
settings surrogate.num_epochs=1 extreme.num_epochs=2 reranker.num_epochs=1 global.surrogate_method=3 extreme.ns_method=kcentroid \
    extreme.shortlist_method=static extreme.freeze_intermediate=false extreme.bias=false "${graph[@]}"
same "DeepXML, other modules" some_X_Xf.txt "${options[@]}"
settings extreme.num_epochs=2 "${graph[@]}" extreme.propensity_weight=0.5
same "ANNS, two learners" some_X_Xf.txt "${anns[@]}" --seeds 1,2 "${options[@]}"
