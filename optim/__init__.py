"""Optimizers: one paper, one class, one rule."""

from optim.adam import Adam, Adamax, AdamaxW, AdamW, AMSGrad, NAdam, NAdamW, OptimisticAdam, RAdam
from optim.adam_successors import ADOPT, ACProp, AdaBelief, Adan, AdEMAMix, SimplifiedAdEMAMix, SparseAdam, Yogi
from optim.adaptive import MADGRAD, Adadelta, Adagrad, Ftrl, RMSprop
from optim.averaging import ASGD, EMA, SWA, ScheduleFreeAdamW, ScheduleFreeSGD
from optim.gradient_descent import (
    DPSGD,
    SGD,
    AveragedMomentum,
    HeavyBall,
    Momentum,
    Nesterov,
    NesterovLookAhead,
    NoisySGD,
    OptimisticGD,
    PolyakSGD,
)
from optim.layerwise import LAMB, LARS, Fromage, Layerwise, NovoGrad
from optim.learning_rate_free import COCOB, DAdaptAdam, DoG, DoWG, MoMo, MoMoAdam, Prodigy
from optim.matrix import SM3, SOAP, Adafactor, GaLore, Muon, Shampoo
from optim.optimizer import Optimizer
from optim.probing import Probing
from optim.quasi_newton import LBFGS, Sophia
from optim.resilient import BoldDriver, DeltaBarDelta, IRpropPlus, NaiveLearner, Quickprop, Rprop
from optim.sign import Lion, SignSGD, Signum
from optim.wrappers import SAM, GradientAccumulation, Lookahead, Mechanic, Together, Wrapper

__all__ = [
    "ADOPT",
    "ASGD",
    "COCOB",
    "DPSGD",
    "EMA",
    "LAMB",
    "LARS",
    "LBFGS",
    "MADGRAD",
    "SAM",
    "SGD",
    "SM3",
    "SOAP",
    "SWA",
    "ACProp",
    "AMSGrad",
    "AdEMAMix",
    "AdaBelief",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "AdamaxW",
    "Adan",
    "AveragedMomentum",
    "BoldDriver",
    "DAdaptAdam",
    "DeltaBarDelta",
    "DoG",
    "DoWG",
    "Fromage",
    "Ftrl",
    "GaLore",
    "GradientAccumulation",
    "HeavyBall",
    "IRpropPlus",
    "Layerwise",
    "Lion",
    "Lookahead",
    "Mechanic",
    "MoMo",
    "MoMoAdam",
    "Momentum",
    "Muon",
    "NAdam",
    "NAdamW",
    "NaiveLearner",
    "Nesterov",
    "NesterovLookAhead",
    "NoisySGD",
    "NovoGrad",
    "OptimisticAdam",
    "OptimisticGD",
    "Optimizer",
    "PolyakSGD",
    "Probing",
    "Prodigy",
    "Quickprop",
    "RAdam",
    "RMSprop",
    "Rprop",
    "ScheduleFreeAdamW",
    "ScheduleFreeSGD",
    "Shampoo",
    "SignSGD",
    "Signum",
    "SimplifiedAdEMAMix",
    "Sophia",
    "SparseAdam",
    "Together",
    "Wrapper",
    "Yogi",
]
