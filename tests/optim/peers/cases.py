"""What is compared with whom: our optimizer and its hyperparameters, the peer's, and how closely they agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from peers import deviations

import optim


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        peer: ``torch``, ``keras`` or ``optax``.
        make: the peer's optimizer, from the peer's module (and, for torch, the parameters).
        ours: our class.
        hyper: our hyperparameters.
        rtol: the agreement to expect, relative to the largest weight of all; the reason stands beside one above 1e-10.
        how: ``one batch`` (the same at every step), ``matrices`` (the others have no gradient), ``rows`` (only
            some rows have one), ``hessian`` (given a diagonal), ``wrapper`` (``ours`` goes around SGD or HeavyBall),
            ``average`` (a wrapper, of which the average of the weights is compared).
        note: told with a failure.
    """

    peer: str
    make: Callable[..., Any]
    ours: Any
    hyper: dict[str, Any] = field(default_factory=dict)
    rtol: float = 1e-10
    how: str = ""
    note: str = ""


def torch(make: Callable[..., Any], ours: Any, rtol: float = 1e-10, how: str = "", **hyper: Any) -> Case:
    """Compared with torch.optim."""
    return Case("torch", make, ours, hyper, rtol, how)


def keras(make: Callable[..., Any], ours: Any, rtol: float = 1e-10, how: str = "", **hyper: Any) -> Case:
    """Compared with keras.optimizers."""
    return Case("keras", make, ours, hyper, rtol, how)


def optax(make: Callable[..., Any], ours: Any, rtol: float = 1e-10, how: str = "", **hyper: Any) -> Case:
    """Compared with optax."""
    return Case("optax", make, ours, hyper, rtol, how)


def hessian_of_gradient(optax: Any) -> Any:
    """What stands in for the Hessian's diagonal: |g| + 0.1."""
    import jax

    return optax.GradientTransformationExtraArgs(
        lambda params: None, lambda g, state, params=None, **_: (jax.tree.map(lambda x: abs(x) + 0.1, g), state)
    )


def averaged(optim: Any, parameters: list[Any], **how: Any) -> Any:
    """PyTorch's SGD, and what averages its weights."""
    from torch.nn import ParameterList

    average = optim.swa_utils.AveragedModel(ParameterList(parameters), **how)
    return optim.SGD(parameters, lr=0.05, momentum=0.9), average


CASES = {
    "SGD torch": torch(lambda o, p: o.SGD(p, lr=0.05), optim.SGD, lr=0.05),
    "SGD keras": keras(lambda o: o.SGD(0.05), optim.SGD, lr=0.05),
    "SGD optax": optax(lambda o: o.sgd(0.05), optim.SGD, lr=0.05),
    "Momentum keras": keras(lambda o: o.SGD(0.05, momentum=0.9), optim.Momentum, lr=0.05),
    "Momentum torch": torch(lambda o, p: o.SGD(p, lr=0.05, momentum=0.9), optim.Momentum, lr=0.05),
    "HeavyBall torch": torch(lambda o, p: o.SGD(p, lr=0.05, momentum=0.9), optim.HeavyBall, lr=0.05),
    "HeavyBall torch dampening": torch(
        lambda o, p: o.SGD(p, lr=0.05, momentum=0.9, dampening=0.5), optim.HeavyBall, lr=0.05, dampening=0.5
    ),
    "HeavyBall optax": optax(lambda o: o.sgd(0.05, momentum=0.9), optim.HeavyBall, lr=0.05),
    "AveragedMomentum optax": optax(
        lambda o: o.chain(o.ema(0.9, debias=False), o.scale(-0.05)), optim.AveragedMomentum, lr=0.05
    ),
    "AveragedMomentum optax debias": optax(
        lambda o: o.chain(o.ema(0.9, debias=True), o.scale(-0.05)),
        optim.AveragedMomentum,
        lr=0.05,
        bias_correction=True,
    ),
    "Nesterov torch": torch(lambda o, p: o.SGD(p, lr=0.05, momentum=0.9, nesterov=True), optim.Nesterov, lr=0.05),
    "Nesterov keras": keras(lambda o: o.SGD(0.05, momentum=0.9, nesterov=True), optim.Nesterov, lr=0.05),
    "Nesterov optax": optax(lambda o: o.sgd(0.05, momentum=0.9, nesterov=True), optim.Nesterov, lr=0.05),
    "SignSGD optax": optax(lambda o: o.sign_sgd(0.01), optim.SignSGD, lr=0.01),
    "Signum optax": optax(
        lambda o: o.chain(o.ema(0.9, debias=False), o.scale_by_sign(), o.scale(-0.01)), optim.Signum, lr=0.01
    ),
    "OptimisticGD optax": optax(lambda o: o.optimistic_gradient_descent(0.05), optim.OptimisticGD, lr=0.05),
    "OptimisticAdam optax": optax(lambda o: o.optimistic_adam_v2(0.01, nesterov=False), optim.OptimisticAdam, lr=0.01),
    "PolyakSGD optax": optax(
        lambda o: o.polyak_sgd(f_min=-1.0, max_learning_rate=0.5), optim.PolyakSGD, max_lr=0.5, f_star=-1.0
    ),
    "ASGD torch": torch(lambda o, p: o.ASGD(p, lr=0.05, lambd=0.01), optim.ASGD, lr=0.05, decay=0.01, t_0=1e6),
    "Adagrad torch": torch(lambda o, p: o.Adagrad(p, lr=0.05), optim.Adagrad, lr=0.05),
    "Adagrad keras": keras(
        lambda o: o.Adagrad(0.05), optim.Adagrad, lr=0.05, eps=1e-7, eps_inside=True, initial_accumulator=0.1
    ),
    "Adagrad optax": optax(
        lambda o: o.adagrad(0.05), optim.Adagrad, lr=0.05, eps=1e-7, eps_inside=True, initial_accumulator=0.1
    ),
    "Adadelta torch": torch(lambda o, p: o.Adadelta(p), optim.Adadelta, rho=0.9),
    "Adadelta keras": keras(lambda o: o.Adadelta(1.0), optim.Adadelta, eps=1e-7),
    "Adadelta optax": optax(lambda o: o.adadelta(1.0), optim.Adadelta, rho=0.9),
    "RMSprop torch": torch(lambda o, p: o.RMSprop(p, lr=0.01), optim.RMSprop, lr=0.01, rho=0.99),
    "RMSprop torch centered": torch(
        lambda o, p: o.RMSprop(p, lr=0.01, centered=True), optim.RMSprop, lr=0.01, rho=0.99, centered=True
    ),
    "RMSprop torch momentum": torch(
        lambda o, p: o.RMSprop(p, lr=0.01, momentum=0.5), optim.RMSprop, lr=0.01, rho=0.99, momentum=0.5
    ),
    "RMSprop keras": keras(lambda o: o.RMSprop(0.01), optim.RMSprop, lr=0.01, eps=1e-7, eps_inside=True),
    "RMSprop keras centered momentum": keras(
        lambda o: o.RMSprop(0.01, momentum=0.5, centered=True),
        optim.RMSprop,
        lr=0.01,
        eps=1e-7,
        eps_inside=True,
        momentum=0.5,
        centered=True,
    ),
    "RMSprop optax": optax(lambda o: o.rmsprop(0.01), optim.RMSprop, lr=0.01, eps_inside=True),
    "RMSprop optax centered momentum": optax(
        lambda o: o.rmsprop(0.01, centered=True, momentum=0.5),
        optim.RMSprop,
        lr=0.01,
        eps_inside=True,
        momentum=0.5,
        centered=True,
    ),
    "RMSprop optax outside": optax(lambda o: o.rmsprop(0.01, eps_in_sqrt=False), optim.RMSprop, lr=0.01),
    "Adam torch": torch(lambda o, p: o.Adam(p, lr=0.02), optim.Adam, lr=0.02),
    "Adam keras": keras(lambda o: o.Adam(0.02), optim.Adam, lr=0.02, eps=1e-7, eps_hat=True),
    "Adam optax": optax(lambda o: o.adam(0.02), optim.Adam, lr=0.02),
    "Adam optax inside": optax(
        lambda o: o.adam(0.02, eps=0.0, eps_root=1e-3), optim.Adam, lr=0.02, eps=1e-3, eps_inside=True
    ),
    "AMSGrad torch": torch(
        lambda o, p: o.Adam(p, lr=0.05, betas=(0.9, 0.9), amsgrad=True),
        optim.AMSGrad,
        lr=0.05,
        beta2=0.9,
        bias_correction=True,
    ),
    "AMSGrad keras": keras(
        lambda o: o.Adam(0.05, beta_2=0.9, amsgrad=True),
        optim.AMSGrad,
        lr=0.05,
        beta2=0.9,
        eps=1e-7,
        bias_correction=True,
        eps_hat=True,
    ),
    "AMSGrad optax": optax(
        lambda o: o.amsgrad(0.05, b2=0.9), optim.AMSGrad, lr=0.05, beta2=0.9, bias_correction=True, correct_first=True
    ),
    "AdamW torch": torch(lambda o, p: o.AdamW(p, lr=0.02, weight_decay=0.1), optim.AdamW, lr=0.02, weight_decay=0.1),
    "AdamW keras": keras(
        lambda o: o.AdamW(0.02, weight_decay=0.1), optim.AdamW, lr=0.02, eps=1e-7, weight_decay=0.1, eps_hat=True
    ),
    "AdamW optax": optax(lambda o: o.adamw(0.02, weight_decay=0.1), optim.AdamW, lr=0.02, weight_decay=0.1),
    "Adamax torch": torch(lambda o, p: o.Adamax(p, lr=0.02), optim.Adamax, lr=0.02),
    "Adamax keras": keras(lambda o: o.Adamax(0.02), optim.Adamax, lr=0.02, eps=1e-7, eps_outside=True),
    "Adamax optax": optax(lambda o: o.adamax(0.02), optim.Adamax, lr=0.02),
    "AdamaxW optax": optax(lambda o: o.adamaxw(0.02, weight_decay=0.1), optim.AdamaxW, lr=0.02, weight_decay=0.1),
    "NAdam torch": torch(lambda o, p: o.NAdam(p, lr=0.02), optim.NAdam, lr=0.02),
    "NAdam keras": keras(lambda o: o.Nadam(0.02), optim.NAdam, lr=0.02, eps=1e-7, psi=1.0),
    "NAdamW optax": optax(lambda o: o.nadamw(0.02, weight_decay=0.1), optim.NAdamW, lr=0.02, weight_decay=0.1),
    "NAdamW optax plain": optax(lambda o: o.nadam(0.02), optim.NAdamW, lr=0.02, weight_decay=0.0),
    "RAdam torch": torch(lambda o, p: o.RAdam(p, lr=0.02), optim.RAdam, lr=0.02, threshold=5.0, eps_hat=True),
    "RAdam optax": optax(lambda o: o.radam(0.02), optim.RAdam, lr=0.02, threshold=5.0),
    "AdaBelief optax": optax(lambda o: o.adabelief(0.02), optim.AdaBelief, lr=0.02),
    "Yogi optax": optax(lambda o: o.yogi(0.02), optim.Yogi, lr=0.02, initial_m=1e-6),
    "Lion optax": optax(lambda o: o.lion(0.01, weight_decay=0.1), optim.Lion, lr=0.01, weight_decay=0.1),
    "Lion keras": keras(lambda o: o.Lion(0.01), optim.Lion, lr=0.01),
    "Adan optax's": optax(lambda o: o.adan(0.02), deviations.LightAdan, lr=0.02),
    "ADOPT optax": optax(lambda o: o.contrib.adopt(0.02), optim.ADOPT, lr=0.02),
    "AdEMAMix optax": optax(
        lambda o: o.contrib.ademamix(0.01, weight_decay=0.1), optim.AdEMAMix, lr=0.01, weight_decay=0.1
    ),
    "SimplifiedAdEMAMix optax": optax(
        lambda o: o.contrib.simplified_ademamix(0.001, alpha=2.0), optim.SimplifiedAdEMAMix, lr=0.001, alpha=2.0
    ),
    "ACProp optax": optax(lambda o: o.contrib.acprop(0.02), optim.ACProp, lr=0.02),
    "NovoGrad optax": optax(
        lambda o: o.novograd(0.01, weight_decay=0.1),
        optim.NovoGrad,
        lr=0.01,
        beta1=0.9,
        beta2=0.25,
        eps=1e-6,
        weight_decay=0.1,
    ),
    "Rprop torch": torch(lambda o, p: o.Rprop(p), optim.Rprop),
    "Rprop optax's": optax(lambda o: o.rprop(0.01), deviations.LateRprop),
    "MADGRAD optax": optax(lambda o: o.contrib.madgrad(0.02), optim.MADGRAD, lr=0.02, rtol=1e-6),  # sqrt(t) in float32
    "SparseAdam torch": torch(lambda o, p: o.SparseAdam(p, lr=0.02), optim.SparseAdam, lr=0.02, how="rows"),
    "Ftrl keras": keras(
        # Keras' l2 counts twice; its beta and l1 are the paper's.
        lambda o: o.Ftrl(0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.05, beta=0.5),
        optim.Ftrl,
        lr=0.1,
        l1=0.01,
        l2=0.1,
        beta=0.5,
        initial_accumulator=0.1,
    ),
    "LARS optax": optax(
        lambda o: o.lars(0.5, weight_decay=0.1, trust_coefficient=0.05),
        optim.LARS,
        lr=0.5,
        weight_decay=0.1,
        trust=0.05,
    ),
    "LAMB optax": optax(lambda o: o.lamb(0.02, weight_decay=0.1), optim.LAMB, lr=0.02, weight_decay=0.1),
    "LAMB keras": keras(lambda o: o.Lamb(0.02), optim.LAMB, lr=0.02, eps=1e-7),
    "LAMB keras's": keras(
        lambda o: o.Lamb(0.02, weight_decay=0.1), deviations.LooseLAMB, lr=0.02, eps=1e-7, weight_decay=0.1
    ),
    "Fromage optax": optax(lambda o: o.fromage(0.02), optim.Fromage, lr=0.02),
    "SM3 optax": optax(lambda o: o.sm3(0.05), optim.SM3, lr=0.05, how="arrays"),
    "Adafactor torch": torch(lambda o, p: o.Adafactor(p, weight_decay=0.0), optim.Adafactor),
    "Adafactor keras": keras(
        lambda o: o.Adafactor(0.01), optim.Adafactor, lr=0.01, rtol=1e-6
    ),  # its mean is in float32
    "Adafactor optax": optax(
        lambda o: o.adafactor(0.05, min_dim_size_to_factor=1), optim.Adafactor, lr=0.05, relative_step=False, rtol=1e-6
    ),  # t**-0.8 in float32
    "Muon optax": optax(
        lambda o: o.contrib.muon(0.02, adam_learning_rate=0.01, adam_weight_decay=0.0),
        optim.Muon,
        lr=0.02,
        bias_correction=True,
        adam_lr=0.01,
        how="matrices",
    ),
    "Muon torch": torch(
        lambda o, p: o.Muon([x for x in p if x.ndim == 2], lr=0.02, weight_decay=0.1),
        optim.Muon,
        lr=0.02,
        weight_decay=0.1,
        how="matrices",
        rtol=1e-2,  # orthogonalized in bfloat16
    ),
    "Muon keras": keras(
        lambda o: o.Muon(0.02, weight_decay=0.1),
        deviations.MoonlightMuon,
        lr=0.02,
        weight_decay=0.1,
        eps=5e-9,  # Keras' 1e-7 is beside a momentum that is 20 times ours
        how="matrices",
        rtol=1e-7,  # its norm is in float32
    ),
    # Singular vectors have no sign, and the next projection's may be another: one projection with momentum, and
    # several without, where the sign of a vector does not matter. Both rtol: optax finds the vectors in float32.
    "GaLore optax": optax(lambda o: o.contrib.galore(0.01, rank=2), optim.GaLore, lr=0.01, rank=2, rtol=1e-6),
    "GaLore optax refreshed": optax(
        lambda o: o.contrib.galore(0.01, rank=2, update_proj_gap=7, base_optimizer=o.scale_by_adam(b1=0.0)),
        optim.GaLore,
        lr=0.01,
        rank=2,
        every=7,
        beta1=0.0,
        rtol=1e-6,
    ),
    "Sophia optax's": optax(
        lambda o: o.contrib.sophia(
            0.02, weight_decay=0.1, gamma=0.5, hessian_diagonal_fn=hessian_of_gradient(o), update_interval=5
        ),
        deviations.LateSophia,
        lr=0.02,
        weight_decay=0.1,
        every=5,
        eps=1e-8,
        gamma=0.5,
        how="hessian",
    ),
    "LBFGS torch": torch(
        lambda o, p: o.LBFGS(p, lr=0.3, max_iter=1, tolerance_grad=0, tolerance_change=0),
        optim.LBFGS,
        lr=0.3,
        memory=100,
        line_search=False,
        how="one batch",
    ),
    "LBFGS torch's": torch(
        lambda o, p: o.LBFGS(
            p, lr=0.3, max_iter=1, line_search_fn="strong_wolfe", tolerance_grad=0, tolerance_change=0
        ),
        deviations.UnsearchedLBFGS,
        lr=0.3,
        memory=100,
        line_search=False,
        how="one batch",
    ),
    "LBFGS optax": optax(
        lambda o: o.lbfgs(0.3, linesearch=None),
        deviations.EuclideanLBFGS,
        lr=0.3,
        line_search=False,
        how="one batch",
    ),
    "DoG optax": optax(lambda o: o.contrib.dog(), optim.DoG),
    "DoWG optax": optax(lambda o: o.contrib.dowg(), optim.DoWG),
    "DAdaptAdam optax": optax(lambda o: o.contrib.dadapt_adamw(weight_decay=0.1), optim.DAdaptAdam, weight_decay=0.1),
    "Prodigy optax": optax(
        lambda o: o.contrib.prodigy(weight_decay=0.1), optim.Prodigy, weight_decay=0.1, rtol=1e-9
    ),  # its estimate of the distance begins at 1e-6 and grows, and a rounding with it
    "MoMo optax": optax(
        lambda o: o.contrib.momo(lower_bound=-1.0, weight_decay=0.1), optim.MoMo, f_star=-1.0, weight_decay=0.1
    ),
    "MoMoAdam optax": optax(
        lambda o: o.contrib.momo_adam(lower_bound=-1.0, weight_decay=0.1), optim.MoMoAdam, f_star=-1.0, weight_decay=0.1
    ),
    "COCOB optax": optax(lambda o: o.contrib.cocob(), optim.COCOB),
    "Mechanic optax": optax(lambda o: o.contrib.mechanize(o.sgd(1.0)), optim.Mechanic, how="wrapper", lr=1.0),
    "ScheduleFreeSGD optax": optax(
        lambda o: o.contrib.schedule_free_sgd(0.1, weight_decay=0.1), optim.ScheduleFreeSGD, lr=0.1, weight_decay=0.1
    ),
    "ScheduleFreeAdamW optax": optax(
        lambda o: o.contrib.schedule_free_adamw(0.02, weight_decay=0.1),
        optim.ScheduleFreeAdamW,
        lr=0.02,
        weight_decay=0.1,
    ),
    "ScheduleFreeAdamW keras": keras(
        lambda o: o.ScheduleFreeAdamW(0.02, weight_decay=0.0), optim.ScheduleFreeAdamW, lr=0.02
    ),
    "ScheduleFreeAdamW keras's": keras(
        lambda o: o.ScheduleFreeAdamW(0.02, weight_decay=0.1, warmup_steps=10),
        deviations.LeakyScheduleFree,
        lr=0.02,
        weight_decay=0.1,
        warmup=10,
    ),
    "SAM optax": optax(
        lambda o: o.contrib.sam(
            o.sgd(0.05, momentum=0.9), o.chain(o.contrib.normalize(), o.sgd(0.05)), opaque_mode=True
        ),
        optim.SAM,
        how="wrapper",
        rho=0.05,
        lr=0.05,
        momentum=0.9,
    ),
    "Lookahead optax": optax(
        lambda o: o.lookahead(o.sgd(0.05, momentum=0.9), sync_period=4, slow_step_size=0.3),
        optim.Lookahead,
        how="wrapper",
        every=4,
        alpha=0.3,
        lr=0.05,
        momentum=0.9,
    ),
    "SWA torch": torch(averaged, optim.SWA, how="average", lr=0.05, momentum=0.9),
    "EMA torch": torch(
        lambda o, p: averaged(o, p, multi_avg_fn=o.swa_utils.get_ema_multi_avg_fn(0.9)),
        optim.EMA,
        how="average",
        decay=0.9,
        lr=0.05,
        momentum=0.9,
    ),
    "EMA keras": keras(
        lambda o: o.SGD(0.05, momentum=0.9, use_ema=True, ema_momentum=0.9),
        optim.EMA,
        how="average",
        decay=0.9,
        lr=0.05,
        momentum=0.9,
    ),
    "GradientAccumulation optax": optax(
        lambda o: o.MultiSteps(o.sgd(0.05, momentum=0.9), 4).gradient_transformation(),
        optim.GradientAccumulation,
        how="wrapper",
        every=4,
        lr=0.05,
        momentum=0.9,
        rtol=1e-6,  # it sums in float32
    ),
    "GradientAccumulation keras": keras(
        lambda o: o.SGD(0.05, momentum=0.9, gradient_accumulation_steps=4),
        optim.GradientAccumulation,
        how="wrapper",
        every=4,
        lr=0.05,
        momentum=0.9,
    ),
}
