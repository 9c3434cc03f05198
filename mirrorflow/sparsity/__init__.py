"""Masks and sparse training around any optax transformation."""

from ._changing import ChangingState as ChangingState
from ._dynamic import rigl as rigl
from ._dynamic import sparse_evolution as sparse_evolution
from ._learned_threshold import learned_threshold as learned_threshold
from ._masked import MaskedState as MaskedState
from ._masked import masked as masked
from ._masks import apply_masks as apply_masks
from ._masks import density as density
from ._masks import layer_counts as layer_counts
from ._masks import magnitude_mask as magnitude_mask
from ._masks import magnitude_masks as magnitude_masks
from ._masks import n_m_mask as n_m_mask
from ._masks import random_mask as random_mask
from ._masks import random_masks as random_masks
from ._pruning import Round as Round
from ._pruning import ac_dc as ac_dc
from ._pruning import gradual as gradual
from ._pruning import imp as imp
