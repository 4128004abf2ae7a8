# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Values and graphs
#
# A neural network learns by asking one question over and over: *if I changed this number a
# little, how much would the result change?* The answer is a derivative, and this notebook
# shows where it comes from: first by hand, then by machine, then checked by brute force.

# %%
from autograd import Value, check_gradients, sigmoid

# %% [markdown]
# ## A value remembers where it came from
#
# A `Value` holds one number. Arithmetic on it gives new `Value`s, and each of them remembers
# the operation that made it and what that was applied to. That is all a *computation graph* is.

# %%
w = Value(-2.0, label="w")
x = Value(5.0, label="x")
b = Value(3.0, label="b")

g = w * x
g.label = "g"
f = g + b
f.label = "f"
f

# %% [markdown]
# The picture reads from left to right. Boxes are numbers, circles are operations, and on each
# edge stands a *local derivative*: how the operation's output answers to that one input, all
# others held still. There is no gradient yet, and the picture says so: *absent* is not zero.

# %%
f.draw()

# %% [markdown]
# ## The chain rule by hand
#
# The local derivatives of the two operations are
#
# $$\frac{\partial f}{\partial g} = 1, \qquad \frac{\partial f}{\partial b} = 1, \qquad
#   \frac{\partial g}{\partial w} = x = 5, \qquad \frac{\partial g}{\partial x} = w = -2 .$$
#
# The chain rule says: **multiply along the path**.

# %%
df_dg, df_db = 1.0, 1.0
dg_dw, dg_dx = x.data, w.data

by_hand = {"w": df_dg * dg_dw, "x": df_dg * dg_dx, "b": df_db}
by_hand

# %% [markdown]
# ## The chain rule by machine
#
# `backward()` does the same from right to left, one operation at a time. It starts from
# $\partial f/\partial f = 1$ and hands each input the product of what arrived and the local
# derivative.

# %%
f.backward()
by_machine = {node.label: node.grad for node in (w, x, b)}
assert by_machine == by_hand
by_machine

# %% [markdown]
# Now the picture shows every gradient, too. Pick a leaf, walk to `f`, and multiply what stands
# on the edges: that is the leaf's gradient.

# %%
f.draw()

# %% [markdown]
# ## When paths meet, add
#
# If a value is used twice there are two paths to the result, and their contributions add up.
# In $c = a \cdot a + a$ the value $a$ has three edges: $\partial c/\partial a = a + a + 1 = 7$ at $a = 3$.

# %%
a = Value(3.0, label="a")
c = a * a + a
c.backward()
assert a.grad == 7.0
c.draw()

# %% [markdown]
# ## A network of three neurons
#
# Two inputs, two hidden sigmoid neurons, one sigmoid output, no biases. We know what the answer
# should be ($y = 1$), and measure how far off we are by the squared error.

# %%
x1, x2 = Value(0.5, label="x1"), Value(0.7, label="x2")
weights = [Value(number, label=f"w{i}") for i, number in enumerate((0.5, 0.3, 0.3, 0.6, 0.5, 0.35), start=1)]
w1, w2, w3, w4, w5, w6 = weights
target = 1.0


def forward():
    a1 = w1 * x1 + w3 * x2
    a2 = w2 * x1 + w4 * x2
    h1 = sigmoid(a1)
    h2 = sigmoid(a2)
    a3 = w5 * h1 + w6 * h2
    prediction = sigmoid(a3)
    error = (target - prediction) ** 2
    nodes = {"a1": a1, "a2": a2, "h1": h1, "h2": h2, "a3": a3, "prediction": prediction, "error": error}
    for name, node in nodes.items():
        node.label = name
    return nodes


def table(rows):
    width = max(map(len, rows))
    for name, number in rows.items():
        print(f"{name:<{width}}  {number:>#16.10g}")


nodes = forward()
table({name: node.data for name, node in nodes.items()})

# %% [markdown]
# ### Backward by hand
#
# From the error to the output neuron, $\delta_3 = \frac{\partial E}{\partial a_3}
# = -2\,(y - \hat y)\;\hat y\,(1 - \hat y)$. From there each weight into the output neuron gets
# $\delta_3$ times what flows through it, and each hidden neuron gets $\delta_3$ times the
# weight that connects it, times its own slope $h(1 - h)$.

# %%
h1, h2, prediction = (nodes[name].data for name in ("h1", "h2", "prediction"))

dE_dprediction = -2 * (target - prediction)
slope3 = prediction * (1 - prediction)
delta3 = dE_dprediction * slope3
delta1 = delta3 * w5.data * h1 * (1 - h1)
delta2 = delta3 * w6.data * h2 * (1 - h2)

by_hand = {
    "w1": delta1 * x1.data,
    "w2": delta2 * x1.data,
    "w3": delta1 * x2.data,
    "w4": delta2 * x2.data,
    "w5": delta3 * h1,
    "w6": delta3 * h2,
}
table({"dE/dprediction": dE_dprediction, "slope of the output": slope3, "delta3": delta3})

# %% [markdown]
# ### Backward by machine

# %%
nodes["error"].backward()
by_machine = {w.label: w.grad for w in weights}
for name in by_hand:
    assert abs(by_machine[name] - by_hand[name]) < 1e-15
table(by_machine)

# %%
nodes["error"].draw()

# %% [markdown]
# ### One step of learning
#
# Every weight moves a little against its gradient, *all of them computed before any of them
# moves*. The prediction comes closer to 1, and the error is smaller.

# %%
learning_rate = 0.1
for weight in weights:
    weight.data -= learning_rate * weight.grad

table({weight.label: weight.data for weight in weights})

# %%
second = forward()
table({name: node.data for name, node in second.items()})
assert second["error"].data < nodes["error"].data

# %% [markdown]
# ## Do not take our word for it
#
# A derivative is a limit of differences, so any gradient can be checked by nudging the inputs
# and looking at what happens. `check_gradients` does that for every input, with steps small
# enough to be accurate and large enough not to drown in rounding.


# %%
def error_of(*weights):
    w1, w2, w3, w4, w5, w6 = weights
    h1 = sigmoid(w1 * 0.5 + w3 * 0.7)
    h2 = sigmoid(w2 * 0.5 + w4 * 0.7)
    return (1.0 - sigmoid(w5 * h1 + w6 * h2)) ** 2


report = check_gradients(error_of, 0.5, 0.3, 0.3, 0.6, 0.5, 0.35)
assert report
report

# %% [markdown]
# ## Two things that surprise people
#
# **Calling `backward()` twice adds.** Leaves collect gradients until they are told to forget
# them. That is what lets one sum gradients over several examples, and why a training loop
# resets them before each step.

# %%
a = Value(2.0, label="a")
c = 3 * a**2
c.backward()
once = a.grad
c.backward()
once, a.grad

# %% [markdown]
# **No gradient is not a gradient of zero.** A value that nothing was differentiated with respect
# to has `None`; one that was reached, but does not matter, has 0.

# %%
unused, off = Value(1.0, label="unused"), Value(-1.0, label="off")
off.relu().backward()
unused.grad, off.grad
