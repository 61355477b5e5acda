#!/usr/bin/env python3
"""suan math curvature on metrics of no catalogue: every component against its definition in 60 digits.

    curvature_foreign.py SUAN [--only NAME,...] [--digits 40] [--c] [--limit 120]

The metric's derivatives are SymPy's, evaluated at a point in 60 digits; all tensors follow from them by their definitions,
without any symmetry. The components suan prints are evaluated at the same point in 60 digits and must agree; what is
printed as 0 must be 0 there and what is not must not; --at's doubles must be the nearest ones but for the last digit.
Also checked: symmetries, the contracted Bianchi identity (the divergence of G^a_b from suan's own text, differentiated by SymPy,
unknown functions put in), JSON keys, LaTeX (its braces and pairs), and with --c that gcc takes the C code without a
warning and its values."""
import argparse
import itertools
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import mpmath
import sympy as sp
from mpmath import mpf

mpmath.mp.dps = 60
SPHERE = "r^2; r^2*sin(theta)^2"
KERR_X = ("-(1-2*M*r/(r^2+a^2*x^2)), 0, 0, -2*M*a*r*(1-x^2)/(r^2+a^2*x^2); 0, (r^2+a^2*x^2)/(r^2-2*M*r+a^2), 0, 0;"
          "0, 0, (r^2+a^2*x^2)/(1-x^2), 0;"
          "-2*M*a*r*(1-x^2)/(r^2+a^2*x^2), 0, 0, (r^2+a^2+2*M*a^2*r*(1-x^2)/(r^2+a^2*x^2))*(1-x^2)")
KN = ("-(1-(2*M*r-Q^2)/S), 0, 0, -(2*M*r-Q^2)*a*sin(theta)^2/S; 0, S/(r^2-2*M*r+a^2+Q^2), 0, 0; 0, 0, S, 0;"
      "-(2*M*r-Q^2)*a*sin(theta)^2/S, 0, 0, (r^2+a^2+(2*M*r-Q^2)*a^2*sin(theta)^2/S)*sin(theta)^2").replace("S", "(r^2+a^2*cos(theta)^2)")


def kerr_schild():
    """g = eta + f k k in Cartesian coordinates, Schwarzschild."""
    k = ["1", "x/sqrt(x^2+y^2+z^2)", "y/sqrt(x^2+y^2+z^2)", "z/sqrt(x^2+y^2+z^2)"]
    f = "2*M/sqrt(x^2+y^2+z^2)"
    return ";".join(",".join(f"{'-1' if i == j == 0 else int(i == j)}+{f}*({k[i]})*({k[j]})" for j in range(4)) for i in range(4))


def bianchi_ix():
    """sigma_1 = -sin psi dtheta + cos psi sin theta dphi, ..., squares with three functions of t."""
    s = [["0", "-sin(psi)", "cos(psi)*sin(theta)", "0"], ["0", "cos(psi)", "sin(psi)*sin(theta)", "0"], ["0", "0", "cos(theta)", "1"]]
    c = ["a(t)^2", "b(t)^2", "c(t)^2"]
    return ";".join(",".join(("-1" if i == j == 0 else "0") + "".join(f"+{c[k]}*({s[k][i]})*({s[k][j]})" for k in range(3)) for j in range(4)) for i in range(4))


# name: coordinates, parameters, metric, point (with functions), what is known: zero tensors or scalars
METRICS = {
    "eddington-finkelstein": ("v,r,theta,phi", "M", "-(1-2*M/r),1,0,0; 1,0,0,0; 0,0,r^2,0; 0,0,0,r^2*sin(theta)^2",
                              "v=1/3,r=7/2,theta=0.9,phi=0.2,M=0.8", {"ricci": 0, "kretschmann": "48*M^2/r^6"}),
    "painleve-gullstrand": ("t,r,theta,phi", "M", "-(1-2*M/r),sqrt(2*M/r),0,0; sqrt(2*M/r),1,0,0; 0,0,r^2,0; 0,0,0,r^2*sin(theta)^2",
                            "t=1/3,r=7/2,theta=0.9,phi=0.2,M=0.8", {"ricci": 0, "kretschmann": "48*M^2/r^6"}),
    "kerr-schild": ("t,x,y,z", "M", kerr_schild(), "t=0,x=1.1,y=0.7,z=1.9,M=0.8", {"ricci": 0, "kretschmann": "48*M^2/(x^2+y^2+z^2)^3"}),
    "kerr-newman": ("t,r,theta,phi", "M,a,Q", KN, "t=0,r=7/2,theta=0.9,phi=0.2,M=0.8,a=0.5,Q=0.3", {"ricci_scalar": 0}),
    "kerr-x": ("t,r,x,phi", "M,a", KERR_X, "t=0,r=7/2,x=0.4,phi=0.2,M=0.8,a=0.5",
               {"ricci": 0, "kretschmann": "48*M^2*(r^2-a^2*x^2)*((r^2+a^2*x^2)^2-16*r^2*a^2*x^2)/(r^2+a^2*x^2)^6"}),
    "taub-nut": ("t,r,theta,phi", "m,l", "-(r^2-2*m*r-l^2)/(r^2+l^2),0,0,-2*l*cos(theta)*(r^2-2*m*r-l^2)/(r^2+l^2);"
                 "0,(r^2+l^2)/(r^2-2*m*r-l^2),0,0; 0,0,r^2+l^2,0;"
                 "-2*l*cos(theta)*(r^2-2*m*r-l^2)/(r^2+l^2),0,0,(r^2+l^2)*sin(theta)^2-4*l^2*cos(theta)^2*(r^2-2*m*r-l^2)/(r^2+l^2)",
                 "t=0,r=7/2,theta=0.9,phi=0.2,m=0.8,l=0.3", {"ricci": 0}),
    "kasner-p": ("t,x,y,z", "p,q,s", "-1; t^(2*p); t^(2*q); t^(2*s)", "t=1.7,x=0,y=0,z=0,p=0.3,q=0.45,s=-0.2", {"weyl": None}),
    "kasner-u": ("t,x,y,z", "u", "-1; t^(-2*u/(1+u+u^2)); t^(2*(1+u)/(1+u+u^2)); t^(2*u*(1+u)/(1+u+u^2))",
                 "t=1.7,x=0,y=0,z=0,u=1.3", {"ricci": 0}),
    "pp-wave": ("u,v,x,y", "", "H(u,x,y),1,0,0; 1,0,0,0; 0,0,1,0; 0,0,0,1", "u=0.3,v=0,x=0.7,y=1.1,H(u,x,y)=u*x^3*y+sin(x*u)+y^4",
                {"ricci_scalar": 0, "kretschmann": 0}),
    "morris-thorne": ("t,r,theta,phi", "", "-exp(2*P(r)); 1/(1-b(r)/r); " + SPHERE, "t=0,r=2.5,theta=0.9,phi=0,P(r)=1/r,b(r)=1/r+r^2/20", {}),
    "warped": ("t,x,y,z,w", "k", "exp(-2*k*w)*-1; exp(-2*k*w); exp(-2*k*w); exp(-2*k*w); 1", "t=0,x=0,y=0,z=0,w=0.4,k=0.7",
               {"weyl": 0, "ricci_scalar": "-20*k^2"}),
    "warped-f": ("t,x,y,z,w", "", "-f(w)^2; f(w)^2; f(w)^2; f(w)^2; 1", "t=0,x=0,y=0,z=0,w=0.4,f(w)=cosh(w)+w^2", {"weyl": 0}),
    "conformally-flat": ("t,x,y,z", "", "-exp(2*w(x)); exp(2*w(x)); exp(2*w(x)); exp(2*w(x))", "t=0,x=0.6,y=0,z=0,w(x)=sin(x)/3+x^2", {"weyl": 0}),
    "conformally-flat-txy": ("t,x,y,z", "", "-exp(2*w(t,x,y)); exp(2*w(t,x,y)); exp(2*w(t,x,y)); exp(2*w(t,x,y))",
                             "t=0.2,x=0.6,y=0.9,z=0,w(t,x,y)=sin(x*t)/3+x*y^2", {"weyl": 0}),
    "bianchi-ix": ("t,theta,phi,psi", "", bianchi_ix(), "t=0.4,theta=0.9,phi=0.2,psi=0.5,a(t)=1+t^2,b(t)=exp(t/3),c(t)=2+sin(t)", {}),
    "bianchi-ix-round": ("theta,phi,psi", "", "1,0,0; 0,1,cos(theta); 0,cos(theta),1", "theta=0.9,phi=0.2,psi=0.5", {"ricci_scalar": "3/2"}),
    "berger": ("theta,phi,psi", "l", "1,0,0; 0,sin(theta)^2+l^2*cos(theta)^2,l^2*cos(theta); 0,l^2*cos(theta),l^2",
               "theta=0.9,phi=0.2,psi=0.5,l=0.6", {"ricci_scalar": "2-l^2/2"}),
    "alcubierre": ("t,x,y,z", "v", "-1+v^2*f(t,x,y,z)^2,-v*f(t,x,y,z),0,0; -v*f(t,x,y,z),1,0,0; 0,0,1,0; 0,0,0,1",
                   "t=0.2,x=0.6,y=0.9,z=0.3,v=0.5,f(t,x,y,z)=exp(-((x-t/2)^2+y^2+z^2))", {}),
    "sqrt-lapse": ("t,r,theta,phi", "M", "-1,sqrt(1-2*M/r)/3,0,0; sqrt(1-2*M/r)/3,1/(1-2*M/r),0,0; 0,0,r^2,0; 0,0,0,r^2*sin(theta)^2",
                   "t=0,r=3.5,theta=0.9,phi=0,M=0.8", {}),
    "sqrt-sum": ("t,r,theta,phi", "M,L", "-(3*sqrt(1-2*M/L)-sqrt(1-2*M*r^2/L^3))^2/4; 1/(1-2*M*r^2/L^3); " + SPHERE,
                 "t=0,r=1.5,theta=0.9,phi=0,M=0.8,L=3", {"weyl": 0}),
    "logs": ("x,y,z", "", "1+log(x*y)^2,log(x),0; log(x),2+y,z; 0,z,3+log(x)+z^2", "x=1.3,y=0.8,z=0.2", {}),
    "tanh": ("t,x,y,z", "a", "-1; 1+tanh(a*x)^2; 1/cosh(a*x)^2; 1+sinh(x)^2", "t=0,x=0.7,y=0.1,z=0.3,a=1.2", {}),
    "einstein-de-sitter": ("t,x,y,z", "", "-1; t^(4/3); t^(4/3); t^(4/3)", "t=1.7,x=0,y=0,z=0", {"ricci_scalar": "4/(3*t^2)", "weyl": 0}),
    "tolman": ("t,r,theta,phi", "c", "-r^(2/3)*c; (1+r)^(2/3); " + SPHERE, "t=0,r=1.7,theta=0.9,phi=0,c=1.1", {}),
    "lifshitz": ("t,r,x,y", "z,n", "-r^(2*z); 1/r^2; r^2; r^n", "t=0,r=1.7,x=0,y=0,z=1.3,n=0.6", {}),
    "godel-cyl": ("t,r,phi,z", "a", "-4*a^2,0,-4*a^2*sqrt(2)*sinh(r)^2,0; 0,4*a^2,0,0; -4*a^2*sqrt(2)*sinh(r)^2,0,4*a^2*(sinh(r)^2-sinh(r)^4),0; 0,0,0,4*a^2",
                  "t=0,r=0.7,phi=0,z=0,a=0.6", {}),
    "vaidya": ("v,r,theta,phi", "", "-(1-2*m(v)/r),1,0,0; 1,0,0,0; 0,0,r^2,0; 0,0,0,r^2*sin(theta)^2",
               "v=0.4,r=3.5,theta=0.9,phi=0,m(v)=1+v^2/5", {"ricci_scalar": 0, "kretschmann": "48*m(v)^2/r^6"}),
    "rotating-frame": ("t,r,phi,z", "w", "-(1-w^2*r^2),0,w*r^2,0; 0,1,0,0; w*r^2,0,r^2,0; 0,0,0,1", "t=0,r=0.7,phi=0,z=0,w=0.6", {"riemann": 0}),
    "rindler": ("t,x", "g", "-(1+g*x)^2; 1", "t=0,x=0.7,g=0.6", {"riemann": 0}),
    "polar-skew": ("u,v", "", "1+4*u^2, 2*u+2*v; 2*u+2*v, 4+v^2", "u=0.3,v=0.4", {}),
    "torus": ("u,v", "R,r", "(R+r*cos(v))^2; r^2", "u=0.3,v=0.5,R=2,r=1", {"ricci_scalar": "2*cos(v)/(r*(R+r*cos(v)))"}),
    "enneper": ("u,v", "", "(1+u^2+v^2)^2; (1+u^2+v^2)^2", "u=0.3,v=0.4", {}),
    "poincare-skew": ("x,y,z", "", "1/z^2,1/(3*z^2),0; 1/(3*z^2),1/z^2,0; 0,0,1/z^2", "x=0,y=0,z=0.7", {"ricci_scalar": "-6"}),
    "myers-perry-like": ("t,r,a,b,c", "m", "-(1-m/r^2); 1/(1-m/r^2); r^2; r^2*sin(a)^2; r^2*sin(a)^2*sin(b)^2", "t=0,r=2.3,a=0.8,b=0.7,c=0,m=1.2", {"ricci": 0}),
    "kaluza-klein": ("t,r,theta,phi,w", "M,k", "-(1-2*M/r)*exp(-k*w); exp(-k*w)/(1-2*M/r); r^2*exp(-k*w); r^2*sin(theta)^2*exp(-k*w); 1",
                     "t=0,r=3.5,theta=0.9,phi=0,w=0.2,M=0.8,k=0.3", {}),
    "six": ("t,x,y,z,u,v", "", "-1-x^2,t,0,0,0,0; t,2+y^2,0,0,0,0; 0,0,1+z^2,0,0,0; 0,0,0,1,0,x; 0,0,0,0,exp(u),0; 0,0,0,x,0,2+x^2",
            "t=0.2,x=0.6,y=0.9,z=0.3,u=0.4,v=0.1", {}),
    "s2xs2xs2": ("a,b,c,d,e,f", "R", "R^2; R^2*sin(a)^2; 1; sin(c)^2; 4; 4*sin(e)^2", "a=0.8,b=0,c=0.7,d=0,e=0.9,f=0,R=1.5",
                 {"ricci_scalar": "2/R^2+2+1/2"}),
    "double-angle": ("x,y", "", "2-cos(2*x); 2*sin(x)^2+1", "x=0.4,y=0.2", {}),
    "half-angle": ("t,chi,theta,phi", "", "-1; 1; 4*sin(chi/2)^2*cos(chi/2)^2; sin(chi)^2*sin(theta)^2", "t=0,chi=0.8,theta=0.7,phi=0", {"ricci_scalar": "6"}),
    "szekeres-exp": ("t,x,y,z", "", "-exp(x); exp(x)*2^y; exp(y)*y^x; 1", "t=0.1,x=0.6,y=0.9,z=0", {}),
    "bardeen": ("t,r,theta,phi", "M,g", "-(1-2*M*r^2/(r^2+g^2)^(3/2)); 1/(1-2*M*r^2/(r^2+g^2)^(3/2)); " + SPHERE,
                "t=0,r=2.5,theta=0.9,phi=0,M=0.8,g=0.4", {}),
    "atan": ("x,y,z", "a", "1+atan(x/a)^2; exp(atan(x/a)); 1+z^2", "x=0.5,y=0.2,z=0.3,a=0.7", {}),
    "nested": ("x,y,z", "", "1+sqrt(2+sqrt(x)); 1+sqrt(x+sqrt(1+y)); 1", "x=0.5,y=0.2,z=0.3", {}),
    "c-metric": ("t,x,y,p", "m,A", "-(y^2-1+2*m*A*y^3*-1)/(A^2*(x+y)^2); 1/((1-x^2-2*m*A*x^3)*A^2*(x+y)^2); 1/((y^2-1-2*m*A*y^3)*A^2*(x+y)^2); (1-x^2-2*m*A*x^3)/(A^2*(x+y)^2)",
                 "t=0,x=0.3,y=1.9,p=0,m=0.1,A=0.2", {"ricci": 0}),
    "gowdy": ("t,x,y,z", "", "-exp((l(t,x)-t)/2); exp((l(t,x)-t)/2)*exp(2*t-0*x); exp(P(t,x)-t); exp(-P(t,x)-t)",
              "t=0.3,x=0.5,y=0,z=0,l(t,x)=x*t,P(t,x)=sin(x)*t", {}),
    "lemaitre-tolman": ("t,r,theta,phi", "", "-1; diff(R(t,r),r)^2/(1+2*E(r)); R(t,r)^2; R(t,r)^2*sin(theta)^2",
                        "t=0.3,r=0.5,theta=0.9,phi=0,R(t,r)=r*(1+t)^(2/3)+r^2*t,E(r)=r^2/3", {}),
}
KEYS = ["dimension", "coordinates", "parameters", "zero_test", "zero_test_reason", "assumption", "metric", "inverse_metric", "determinant",
        "christoffel", "riemann", "ricci", "ricci_scalar", "weyl", "einstein", "kretschmann"]
SCOPE = {n: getattr(sp, n) for n in "sqrt exp log sin cos tan sinh cosh tanh asin acos atan pi".split()}


def split(text):
    """At commas outside parentheses."""
    parts, depth = [""], 0
    for ch in text:
        depth += (ch == "(") - (ch == ")")
        if ch == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += ch
    return parts


class Metric:
    """One metric, its point, and SymPy's reading of expressions."""

    def __init__(self, coordinates, parameters, text, point):
        self.names = coordinates.split(",")
        self.n = len(self.names)
        self.coordinates, self.parameters, self.text, self.point = coordinates, parameters, text, point
        self.scope = dict(SCOPE) | {x: sp.Symbol(x, real=True) for x in self.names + [p for p in parameters.split(",") if p]}
        self.x = [self.scope[x] for x in self.names]
        self.values, self.functions = {}, {}
        for item in split(point):
            left, right = item.split("=", 1)
            if "(" in left:
                self.functions[left.split("(")[0]] = right
            else:
                self.values[self.scope[left]] = sp.Rational(right)
        for name, body in self.functions.items():
            self.scope[name] = self.function(name, body)
        self.scope["diff"] = sp.diff

    def function(self, name, body):
        value = self.read(body)
        return lambda *at: value

    def read(self, text):
        """An expression with unknown functions put in; primes are derivatives by the first coordinate of the function."""
        text = re.sub(r"(\w+)('+)\((\w+)\)", lambda m: f"diff({m[1]}({m[3]}),{m[3]},{len(m[2])})", text)
        text = re.sub(r"(?<![\w.])(\d+\.\d+|\d+)(?![\w.])", r'rational_("\1")', text.replace("^", "**"))
        return eval(text, {"rational_": sp.Rational, "__builtins__": {}}, self.scope)

    def matrix(self):
        rows = [r for r in self.text.split(";")]
        if all(len(split(r)) == 1 for r in rows):
            return sp.diag(*[self.read(e) for e in rows])
        return sp.Matrix([[self.read(e) for e in split(r)] for r in rows])

    def number(self, e):
        e = sp.sympify(e)
        return mpf(0) if e == 0 else mpmath.mpf(sp.N(e.subs(self.values), 60)._to_mpmath(220))


def tensors(m):
    """All components at the point, by definition."""
    n, R, x = m.n, range(m.n), m.x
    g_ = m.matrix()
    num = lambda e: m.number(e)
    g = mpmath.matrix(n, n)
    d1 = [mpmath.matrix(n, n) for _ in R]
    d2 = [[mpmath.matrix(n, n) for _ in R] for _ in R]
    for a, b in itertools.combinations_with_replacement(R, 2):
        g[a, b] = g[b, a] = num(g_[a, b])
        for c in R:
            first = sp.diff(g_[a, b], x[c])
            d1[c][a, b] = d1[c][b, a] = num(first)
            for d in range(c, n):
                v = num(sp.diff(first, x[d])) if first != 0 else mpf(0)
                for e, f in ((c, d), (d, c)):
                    d2[e][f][a, b] = d2[e][f][b, a] = v
    inv = g**-1
    low = [[[(d1[c][a, b] + d1[b][a, c] - d1[a][b, c]) / 2 for c in R] for b in R] for a in R]
    up = [[[mpmath.fsum(inv[a, d] * low[d][b][c] for d in R) for c in R] for b in R] for a in R]
    dinv = [-inv * d1[c] * inv for c in R]
    # d_e Gamma^a_bc from the definition, so that R^a_bcd does not come from the formula suan uses
    dlow = lambda a, b, c, e: (d2[e][c][a, b] + d2[e][b][a, c] - d2[e][a][b, c]) / 2
    dup = [[[[mpmath.fsum(dinv[e][a, d] * low[d][b][c] + inv[a, d] * dlow(d, b, c, e) for d in R) for e in R] for c in R] for b in R] for a in R]
    mixed = [[[[dup[a][b][d][c] - dup[a][b][c][d] + mpmath.fsum(up[a][c][e] * up[e][b][d] - up[a][d][e] * up[e][b][c] for e in R)
                for d in R] for c in R] for b in R] for a in R]
    riem = [[[[mpmath.fsum(g[a, e] * mixed[e][b][c][d] for e in R) for d in R] for c in R] for b in R] for a in R]
    ric = [[mpmath.fsum(mixed[a][b][a][d] for a in R) for d in R] for b in R]
    scal = mpmath.fsum(inv[a, b] * ric[a][b] for a in R for b in R)
    ein = [[ric[a][b] - scal * g[a, b] / 2 for b in R] for a in R]
    weyl = [[[[0 if n < 4 else riem[a][b][c][d] - (g[a, c] * ric[b][d] - g[a, d] * ric[b][c] - g[b, c] * ric[a][d] + g[b, d] * ric[a][c]) / (n - 2)
               + scal * (g[a, c] * g[b, d] - g[a, d] * g[b, c]) / ((n - 1) * (n - 2)) for d in R] for c in R] for b in R] for a in R]
    raised = [[[[mpmath.fsum(inv[b, f] * mixed[a][f][c][d] for f in R) for d in R] for c in R] for b in R] for a in R]
    kret = mpmath.fsum(raised[a][b][c][d] * raised[c][d][a][b] for a in R for b in R for c in R for d in R)
    L = lambda q: [[q[a, b] for b in R] for a in R]
    return {"metric": L(g), "inverse_metric": L(inv), "determinant": mpmath.det(g), "christoffel": up, "riemann": riem, "ricci": ric,
            "ricci_scalar": scal, "weyl": weyl, "einstein": ein, "kretschmann": kret}, g_


def walk(tree, index=()):
    if isinstance(tree, list):
        for i, e in enumerate(tree):
            yield from walk(e, index + (i,))
    else:
        yield index, tree


def pick(tree, index):
    for i in index:
        tree = tree[i]
    return tree


def flat(result, key, n, zero):
    """{index: value} of all components; those of the four-index lists by their symmetries."""
    if key not in ("riemann", "weyl"):
        return dict(walk(result[key]))
    kept = {tuple(e["index"]): e["value"] for e in result[key]}
    out = {}
    for i in itertools.product(range(n), repeat=4):
        a, b, c, d = i
        if a == b or c == d:
            out[i] = (0, zero)
            continue
        sign = (-1) ** ((a > b) + (c > d))
        p, q = sorted((tuple(sorted((a, b))), tuple(sorted((c, d)))))
        out[i] = (sign, kept.get(p + q, zero))
    return out


def check(args, name):
    coordinates, parameters, text, point, known = METRICS[name]
    m = Metric(coordinates, parameters, text, point)
    base = [args.suan, "math", "curvature", "--coords", coordinates, "--metric", text] + (["--params", parameters] if parameters else [])
    begin = time.perf_counter()
    run = subprocess.run(base + ["--json", "--at", point], capture_output=True, text=True, timeout=args.limit)
    seconds = time.perf_counter() - begin
    if run.returncode:
        return [f"exit {run.returncode}: {run.stderr.strip()}"], seconds, "", 0
    result = json.loads(run.stdout)
    wrong = []
    if list(result)[:len(KEYS)] != KEYS[:len(KEYS)] and set(KEYS) - set(result):
        wrong.append(f"keys {list(result)}")
    want, g_ = tensors(m)
    checked, cache, worst = 0, {}, mpf(0)
    scale = max(abs(v) for key in ("inverse_metric", "christoffel", "riemann") for _, v in walk(want[key])) + 1
    for key in want:
        texts, numbers = flat(result, key, m.n, "0"), flat(result["at"], key, m.n, 0)
        for index, text_ in texts.items():
            sign, text_ = text_ if isinstance(text_, tuple) else (1, text_)
            nsign, double = numbers[index] if isinstance(numbers[index], tuple) else (1, numbers[index])
            exact = pick(want[key], index)
            checked += 1
            if text_ is None:
                wrong.append(f"{key}{index} is null") if not args.null else None
                continue
            if text_ not in cache:
                cache[text_] = m.number(m.read(text_)) if text_ != "0" else mpf(0)
            got = sign * cache[text_]
            tiny = abs(exact) < mpf(10) ** -45 * scale**4
            if tiny != (got == 0 or text_ == "0" or sign == 0) or abs(got - exact) > mpf(10) ** -args.digits * abs(exact) + mpf(10) ** -45 * scale**4:
                wrong.append(f"{key}{index} = {text_[:80]} is {mpmath.nstr(got, 20)}, should be {mpmath.nstr(exact, 20)}")
            if abs(nsign * mpf(double) - exact) > mpf(3e-16) * abs(exact) + mpf(10) ** -45 * scale**4:
                wrong.append(f"{key}{index} at the point {double!r}, should be {mpmath.nstr(exact, 20)}")
    for key, value in known.items():
        if value == 0 and any(v[1] != "0" if isinstance(v, tuple) else v != "0" for v in flat(result, key, m.n, "0").values()):
            wrong.append(f"{key} is not printed as 0")
        if isinstance(value, str) and abs(m.number(m.read(value)) - want[key]) > mpf(10)**-40:
            wrong.append(f"{key} is not the known {value}")
    wrong += bianchi(m, result, g_)
    if args.c:
        wrong += c_code(m, base, result, want)
        wrong += latex(base)
    return wrong, seconds, result["zero_test"] + (f" ({result['zero_test_reason']})" if result["zero_test_reason"] else "") + (
        f" [{result['assumption']}]" if result["assumption"] else ""), checked


def bianchi(m, result, g_):
    """nabla_a G^a_b = 0: derivatives of suan's printed einstein tensor and its printed Christoffel symbols."""
    R = range(m.n)
    if any(t is None for _, t in walk(result["einstein"])):
        return []
    G = [[m.read(t) for t in row] for row in result["einstein"]]
    num = lambda e: m.number(e)
    Gn = [[num(e) for e in row] for row in G]
    up = [[[num(m.read(t)) for t in row] for row in rows] for rows in result["christoffel"]]
    inv = [[num(m.read(t)) for t in row] for row in result["inverse_metric"]]
    dG = [[[num(sp.diff(G[a][b], m.x[c])) if G[a][b] != 0 else mpf(0) for c in R] for b in R] for a in R]
    wrong = []
    for b in R:
        terms = [inv[a][c] * (dG[a][b][c] - mpmath.fsum(up[e][c][a] * Gn[e][b] + up[e][c][b] * Gn[a][e] for e in R)) for a in R for c in R]
        if abs(mpmath.fsum(terms)) > mpf(10) ** -40 * (1 + sum(abs(t) for t in terms)):
            wrong.append(f"divergence of G, {b}: {mpmath.nstr(mpmath.fsum(terms), 10)}")
    return wrong


def c_code(m, base, result, want):
    code = subprocess.run(base + ["--c"], capture_output=True, text=True, check=True).stdout
    listed = re.search(r"/\* x: coordinates(.*?)\. \*/", code, re.S)[1]
    parameters = re.search(r"; p:([^;]*)", listed)
    unknowns = re.search(r"; u: (.*)", listed, re.S)
    xs = [m.number(v) for v in m.x]
    ps = [m.number(m.read(p)) for p in parameters[1].split()] if parameters else []
    us = [m.number(m.read(u)) for u in split(unknowns[1])] if unknowns else []
    array = lambda name, v: f"static const double {name}[] = {{{', '.join(repr(float(e)) for e in v) or '0'}}};\n"
    main = ("#include <stdio.h>\n" + array("x", xs) + array("p", ps) + array("u", us) +
            "int main(void) { struct curvature c; curvature(x, p, u, &c); const double *d = (const double *)&c;\n"
            "for (size_t i = 0; i < sizeof c / sizeof *d; i++)\n    printf(\"%.17g\\n\", d[i]);\nreturn 0; }\n")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "c.c"
        file.write_text(code.replace("\nvoid curvature(", "\nvoid curvature(const double *x, const double *p, const double *u, struct curvature *c);\nvoid curvature(") + main)
        build = subprocess.run(["gcc", "-std=c17", "-O0", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror", str(file), "-lm", "-o", str(Path(folder) / "c")], capture_output=True, text=True)
        if build.returncode:
            return ["C: " + build.stderr[:400]]
        numbers = [float(v) for v in subprocess.run([str(Path(folder) / "c")], capture_output=True, text=True, check=True).stdout.split()]
    wrong, place = [], 0
    for key in re.findall(r"    double (\w+)[^;]*;\n", re.search(r"struct curvature \{\n(.*?)\};", code, re.S)[1]):
        for index, exact in walk(want[key]):
            if abs(numbers[place] - exact) > 1e-8 * (abs(exact) + 1e-3):
                wrong.append(f"C {key}{index}: {numbers[place]!r}, should be {mpmath.nstr(exact, 17)}")
            place += 1
    if place != len(numbers):
        wrong.append("C: another number of components")
    return wrong


def latex(base):
    """Braces, \\left and \\right, environments; every command is one that LaTeX with amsmath knows."""
    text = subprocess.run(base + ["--latex"], capture_output=True, text=True, check=True).stdout
    wrong, known = [], set("left right frac sqrt begin end det Gamma cdot sin cos tan sinh cosh tanh log exp arctan text pi partial mathrm operatorname"
                           " theta phi psi alpha beta gamma delta epsilon lambda mu nu rho sigma tau omega chi xi eta zeta kappa iota upsilon Theta Phi Psi".split())
    for line in text.splitlines():
        if line.startswith("%"):
            continue
        depth = 0
        for i, ch in enumerate(line):
            depth += (ch == "{" and line[i - 1] != "\\") - (ch == "}" and line[i - 1] != "\\")
            if depth < 0:
                wrong.append(f"LaTeX braces: {line[:100]}")
                break
        if depth or line.count("\\left") != line.count("\\right"):
            wrong.append(f"LaTeX unbalanced: {line[:100]}")
        if re.search(r"\}\s*\^\{[^}]*\}\s*\^|\^\{[^{}]*\}\^", line):
            wrong.append(f"LaTeX double superscript: {line[:100]}")
        for command in re.findall(r"\\([a-zA-Z]+)", line):
            if command not in known:
                wrong.append(f"LaTeX \\{command}")
    if text.count("\\begin{align*}") != text.count("\\end{align*}"):
        wrong.append("LaTeX environments")
    return wrong


def main():
    p = argparse.ArgumentParser()
    p.add_argument("suan")
    p.add_argument("--only")
    p.add_argument("--digits", type=int, default=40)
    p.add_argument("--c", action="store_true")
    p.add_argument("--null", action="store_true", help="tensors too large to be written out are no failure")
    p.add_argument("--limit", type=float, default=120)
    args = p.parse_args()
    bad = total = 0
    for name in args.only.split(",") if args.only else METRICS:
        wrong, seconds, zero, checked = check(args, name)
        bad += bool(wrong)
        total += checked
        print(f"{'WRONG' if wrong else 'ok   '} {name:24} {seconds:7.3f} s  {checked:5} components, {zero}", flush=True)
        for w in wrong[:6]:
            print("      ", w)
        if len(wrong) > 6:
            print(f"       and {len(wrong) - 6} more")
    print(f"{total} components, {bad} metrics wrong")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
