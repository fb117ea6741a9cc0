"""The claims desk's further work: signs of fraud, papers that customers are asked for, and investigations."""
